import { once } from 'node:events';
import { memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import type { WriteProgress } from './batch-writer.js';
import { bars, turn } from './testing/bars.js';
import { hangs, refused, worldOn } from './testing/world.js';

const world = worldOn({ timeSeries: memoryTimeSeries, deadLetters: memoryDeadLetters });

describe('a feed', () => {
  async function* symbols(...names: string[]) {
    for (const name of names) yield bars([name]);
  }

  it('of batches is written with as many under way as there is room for, and reports its progress', async () => {
    const { open, pass, attempts, stored } = world({ maxRows: 2 });
    const seen: WriteProgress[] = [];
    const feed = open().writeAll('marketData', symbols('A', 'B', '!C', 'D', 'E'), {
      onProgress: (progress) => seen.push(progress),
    });
    await pass(50);
    expect(await feed).toEqual({
      batchCount: 5,
      acceptedCount: 4,
      failedCount: 1,
      supersededCount: 0,
      roundedCount: 0,
      errors: [{ batch: 2, index: 0, field: 'close', reason: expect.any(String) }],
      durability: 'acknowledged',
    });
    expect(attempts.map(({ rowCount }) => rowCount)).toEqual([2, 2]);
    expect(seen.map(({ rows, blocks }) => [rows, blocks])).toEqual([
      [2, 1],
      [4, 2],
    ]);
    expect(await stored()).toEqual(['A', 'B', 'D', 'E']);
  });

  it('is not asked for more than there is room for', async () => {
    const { open, script } = world({ maxRows: 1, maxPendingBytes: 1 });
    script.answer = hangs;
    let asked = 0;
    async function* endless() {
      for (;;) yield bars([`S${++asked}`]);
    }
    void open()
      .writeAll('marketData', endless())
      .catch(() => undefined);
    await turn();
    expect(asked).toBe(2);
  });

  it('ends at its first failure, when all that was taken is settled', async () => {
    const { open, script } = world({ maxRows: 1 });
    const store = script.answer;
    script.answer = () => {
      script.answer = store;
      return Promise.reject(refused);
    };
    async function* slow() {
      for (const name of ['A', 'B', 'C']) {
        yield bars([name]);
        await turn();
      }
    }
    await expect(open().writeAll('marketData', slow())).rejects.toThrow('no such column');
  });

  it('can be a Node stream, which finishes when all is stored', async () => {
    const { open, pass, stored } = world();
    const stream = open().stream('marketData');
    stream.write(bars(['A']));
    stream.end(bars(['B']));
    const finished = once(stream, 'finish');
    await pass(50);
    await finished;
    expect(await stored()).toEqual(['A', 'B']);
  });

  it('as a stream fails as a write would', async () => {
    const { open } = world();
    const stream = open().stream('marketData');
    stream.end(bars(['A'], () => 0, ''));
    const [error] = (await once(stream, 'error')) as [Error];
    expect(error).toMatchObject({ code: 'VALIDATION' });
  });
});
