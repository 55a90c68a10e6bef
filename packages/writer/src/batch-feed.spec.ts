import { once } from 'node:events';
import { turn } from '@quantumtrade/dal-testing';
import { bars } from '@quantumtrade/dal-testing/records';
import type { WriteProgress } from './batch-writer-options.js';
import { hangs, refused } from './testing/answers.js';
import { writerHarness } from './testing/writer-harness.js';

async function* symbols(...names: string[]) {
  for (const name of names) yield bars([name]);
}

it('writeAll fills blocks with several batches and reports progress', async () => {
  const { open, advance, attempts, stored } = writerHarness({ maxRows: 2 });
  const seen: WriteProgress[] = [];
  const feed = open().writeAll('marketData', symbols('A', 'B', '!C', 'D', 'E'), {
    onProgress: (progress) => seen.push(progress),
  });
  await advance(50);
  expect(await feed).toEqual({
    batchCount: 5,
    acceptedCount: 4,
    failedCount: 1,
    supersededCount: 0,
    roundedCount: 0,
    errors: [{ batch: 2, index: 0, field: 'close', reason: expect.any(String) }],
    durability: 'acknowledged',
    writeToken: expect.any(String),
  });
  expect(attempts.map(({ rowCount }) => rowCount)).toEqual([2, 2]);
  expect(seen.map(({ rows, blocks }) => [rows, blocks])).toEqual([
    [2, 1],
    [4, 2],
  ]);
  expect(await stored()).toEqual(['A', 'B', 'D', 'E']);
});

it('writeAll requests no further batch while the writer is full', async () => {
  const { open, script } = writerHarness({ maxRows: 1, maxPendingBytes: 1 });
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

it('writeAll rejects with the first failure when everything is settled', async () => {
  const { open, script } = writerHarness({ maxRows: 1 });
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

it('stream finishes when all batches are stored', async () => {
  const { open, advance, stored } = writerHarness();
  const stream = open().stream('marketData');
  stream.write(bars(['A']));
  stream.end(bars(['B']));
  const finished = once(stream, 'finish');
  await advance(50);
  await finished;
  expect(await stored()).toEqual(['A', 'B']);
});

it('stream fails with the error of a wrong batch', async () => {
  const { open } = writerHarness();
  const stream = open().stream('marketData');
  stream.end(bars(['A'], () => 0, ''));
  const [error] = (await once(stream, 'error')) as [Error];
  expect(error).toMatchObject({ code: 'VALIDATION' });
});
