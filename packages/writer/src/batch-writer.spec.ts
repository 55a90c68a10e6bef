import { getEventListeners } from 'node:events';
import type { BlockReceipt } from '@quantumtrade/dal-domain';
import { NOT_COUNTED } from '@quantumtrade/dal-domain';
import { memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { bars, MONTH_MS, turn } from './testing/bars.js';
import { hangs, watched, worldOn } from './testing/world.js';
import { withDefaults } from './writer-options.js';

const world = worldOn({ timeSeries: memoryTimeSeries, deadLetters: memoryDeadLetters });

describe('collecting', () => {
  it('makes one block of many batches, and tells each caller of its own rows', async () => {
    const { open, pass, attempts, stored } = world();
    const writer = open();
    const first = writer.write('marketData', bars(['A', '!B', 'C']));
    const second = writer.write('marketData', bars(['!D', 'E']));
    const empty = writer.write('marketData', bars(['!F']));
    await pass(50);
    const durability = 'acknowledged';
    expect(await first).toEqual({
      acceptedCount: 2,
      failedCount: 1,
      supersededCount: 0,
      roundedCount: 0,
      errors: [{ index: 1, field: 'close', reason: expect.any(String) }],
      durability,
    });
    expect(await second).toMatchObject({ acceptedCount: 1, errors: [{ index: 0, field: 'close' }] });
    expect(await empty).toMatchObject({ acceptedCount: 0, failedCount: 1 });
    expect(attempts.map(({ rowCount }) => rowCount)).toEqual([3]);
    expect(await stored()).toEqual(['A', 'C', 'E']);
  });

  it('sends the first rows at once, and the next ones no sooner than a while after them', async () => {
    const { open, pass, attempts } = world({ maxAgeMs: 20 });
    const writer = open();
    const rowCounts = () => attempts.map(({ rowCount }) => rowCount);
    const write = (symbol: string) => void writer.write('marketData', bars([symbol]));
    write('A');
    write('B');
    await pass(0);
    expect(rowCounts()).toEqual([2]);
    await pass(5);
    write('C');
    await pass(14);
    write('D');
    expect(rowCounts()).toEqual([2]);
    await pass(1);
    expect(rowCounts()).toEqual([2, 2]);
    await pass(20);
    write('E');
    await pass(0);
    expect(rowCounts()).toEqual([2, 2, 1]);
  });

  it('waits no longer than it may when the clock was set back', async () => {
    const { open, pass, attempts, timers } = world({ maxAgeMs: 20 });
    const writer = open();
    void writer.write('marketData', bars(['A']));
    await pass(0);
    const now = timers.now.bind(timers);
    timers.now = () => now() - 3_600_000;
    void writer.write('marketData', bars(['B']));
    await pass(20);
    expect(attempts).toHaveLength(2);
  });

  it.each([
    ['rows', { maxRows: 3 }],
    ['bytes', { maxBytes: 600 }],
  ])('sends a block at once that has enough %s', async (_what, limits) => {
    const { open, attempts } = world(limits);
    const writer = open();
    const writes = ['A', 'B', 'C', 'D'].map((symbol) => writer.write('marketData', bars([symbol])));
    await Promise.all(writes.slice(0, 3));
    expect(attempts.map(({ rowCount }) => rowCount)).toEqual([3]);
  });

  it('sends a block before another batch would make it too long', async () => {
    const { open, pass, attempts } = world({ maxRows: 5 });
    const writer = open();
    const symbols = [['A', 'B'], ['C'], ['D'], ['E', 'F'], ['G', 'H', 'I', 'J', 'K', 'L']];
    for (const batch of symbols) void writer.write('marketData', bars(batch));
    await pass(20);
    expect(attempts.map(({ rowCount }) => rowCount)).toEqual([4, 8]);
  });

  it('goes on while all senders are busy', async () => {
    const { open, pass, attempts, script } = world({ maxInFlight: 1, maxAgeMs: 5 });
    const store = script.answer;
    const writer = open();
    let answer!: (receipt: BlockReceipt) => void;
    script.answer = () => new Promise((resolve) => (answer = resolve));
    void writer.write('marketData', bars(['A']));
    await pass(5);
    for (const symbol of ['B', 'C', 'D']) {
      void writer.write('marketData', bars([symbol]));
      await pass(5);
    }
    script.answer = store;
    answer(NOT_COUNTED);
    await turn();
    expect(attempts.map(({ rowCount }) => rowCount)).toEqual([1, 3]);
  });

  it('lets one signal serve any number of writes', async () => {
    const { open, pass } = world();
    const writer = open();
    const { signal } = new AbortController();
    const writes = Array.from({ length: 1_000 }, () => writer.write('marketData', bars(['A']), { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await pass(20);
    await Promise.all(writes);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('sends two blocks at a time', async () => {
    const { open, attempts, script } = world({ maxRows: 1 });
    script.answer = hangs;
    const writer = open();
    for (const symbol of ['A', 'B', 'C']) void writer.write('marketData', bars([symbol]));
    await turn();
    expect(attempts).toHaveLength(2);
  });

  it('lets the write called last win when its block is stored first', async () => {
    const { open, script, timeSeries } = world({ maxRows: 1 });
    const store = script.answer;
    const answers: (() => void)[] = [];
    script.answer = (block) => new Promise((resolve) => void answers.push(() => resolve(store(block))));
    const writer = open();
    const writes = [1, 2].map((close) => {
      const { source, records } = bars(['A']);
      return writer.write('marketData', { source, records: [{ ...records[0]!, close }], timestamp: 5 });
    });
    await turn();
    for (const answer of answers.reverse()) {
      answer();
      await turn();
    }
    await Promise.all(writes);
    expect((await timeSeries.marketData.find({})).data).toMatchObject([{ close: 2 }]);
  });

  it('tells the caller of a wrong batch, and nobody else', async () => {
    const { open, pass } = world();
    const writer = open();
    const good = writer.write('marketData', bars(['A']));
    await expect(
      writer.write(
        'marketData',
        bars(['B'], () => 0, ''),
      ),
    ).rejects.toMatchObject({
      code: 'VALIDATION',
      field: 'source',
    });
    const after = writer.write('marketData', bars(['C']));
    await pass(50);
    expect(await Promise.all([good, after])).toMatchObject([{ acceptedCount: 1 }, { acceptedCount: 1 }]);
  });

  it('waits for all blocks of a batch that spans months', async () => {
    const { open, pass, attempts, script } = world();
    const store = script.answer;
    const answers: (() => void)[] = [];
    script.answer = (block) => new Promise((resolve) => void answers.push(() => resolve(store(block))));
    let month = 0;
    const write = watched(
      open().write(
        'marketData',
        bars(['A', 'B'], () => month++ * MONTH_MS),
      ),
    );
    await pass(50);
    expect(attempts).toHaveLength(2);
    answers[0]!();
    await turn();
    expect(write).toEqual({});
    answers[1]!();
    await turn();
    expect(write.value).toMatchObject({ acceptedCount: 2 });
  });

  it.each<[string, unknown[]]>([
    ['maxRows', [0, 1.5, NaN, Infinity, '5', null, 5n]],
    ['maxBytes', [-1, '16MB']],
    ['maxInFlight', [NaN, 0.5]],
    ['maxPendingBytes', [0, Infinity]],
    ['maxAgeMs', [-1, 0.5, NaN, Infinity, '20', null]],
    ['durability', ['journaled', 'Journaled', '', null, true]],
    ['onProgress', [1, 'log', null]],
    ['onEvent', [{}]],
    ['timers', [null, 5, {}]],
    ['retry', [null, 5]],
    ['maxRow', [5]],
  ])('refuses a wrong or unknown option by its name: %s', (name, values) => {
    const refusal = expect.objectContaining({ code: 'VALIDATION', field: name });
    for (const value of values) expect(world({ [name]: value }).open).toThrow(refusal);
  });

  it.each([
    [new Map([['maxRows', 5]])],
    [Object.create({ durability: 'journaled' }) as object],
    [
      new (class {
        get maxRows() {
          return 5;
        }
      })(),
    ],
  ])('refuses options that are not those of the object itself: %p', (options) => {
    const refusal = expect.objectContaining({ code: 'VALIDATION', field: 'options' });
    expect(() => withDefaults(options)).toThrow(refusal);
  });

  it.each<[string, unknown[]]>([
    ['maxAttempts', [0, 1.5, NaN, '3', null]],
    ['backoffMultiplier', [0.5, 0, NaN, Infinity, '2', null]],
    ['initialDelayMs', [-1, NaN, Infinity, '100', 1.5]],
    ['maxDelayMs', [-1, NaN, null]],
    ['random', [0.5]],
    ['maxDelay', [5]],
  ])('refuses a wrong or unknown retry option by its name: %s', (name, values) => {
    const refusal = expect.objectContaining({ code: 'VALIDATION', field: `retry.${name}` });
    for (const value of values) expect(world({ retry: { [name]: value } }).open).toThrow(refusal);
  });

  it.each([NaN, '2030-01-01', null, new Date(), 5n])(
    'refuses the deadline %p in every method',
    async (given) => {
      const { open, stored } = world();
      const writer = open();
      const options = { deadline: given as number };
      const refusal = expect.objectContaining({ code: 'VALIDATION', field: 'deadline' });
      await expect(writer.write('marketData', bars(['A']), options)).rejects.toEqual(refusal);
      await expect(writer.writeAll('marketData', [bars(['A'])], options)).rejects.toEqual(refusal);
      await expect(writer.close(options)).rejects.toEqual(refusal);
      expect(() => writer.stream('marketData', options)).toThrow(refusal);
      expect(await stored()).toEqual([]);
    },
  );

  it('refuses unknown keys, and arguments of wrong types, by name', async () => {
    const writer = world().open();
    const refuses = async (call: () => unknown, field: string) =>
      expect(async () => call()).rejects.toMatchObject({ code: 'VALIDATION', field });
    await refuses(() => writer.write('marketData', bars(['A']), { deadlin: 1 } as object), 'deadlin');
    await refuses(() => writer.writeAll('marketData', [], { onProgres: () => 0 } as object), 'onProgres');
    await refuses(() => writer.close({ signal: new AbortController().signal } as object), 'signal');
    await refuses(() => writer.writeAll('marketData', 5 as never), 'batches');
    await refuses(() => writer.write(Symbol('record') as never, bars(['A']) as never), 'record');
    await refuses(() => writer.write('marketData', bars(['A']), null as never), 'options');
  });
});

describe('a full writer', () => {
  const full = () => {
    const all = world({ maxRows: 1, maxPendingBytes: 1, maxInFlight: 1 });
    const store = all.script.answer;
    let answer!: () => void;
    all.script.answer = (block) =>
      new Promise((resolve) => {
        answer = () => {
          all.script.answer = store;
          resolve(store(block));
        };
      });
    const writer = all.open();
    const first = writer.write('marketData', bars(['A']));
    return { ...all, writer, first, answer: () => answer() };
  };

  it('lets callers wait, and takes them in order', async () => {
    const { writer, first, answer, attempts, stored } = full();
    const others = ['B', 'C'].map((symbol) => writer.write('marketData', bars([symbol])));
    await turn();
    expect(attempts).toHaveLength(1);
    answer();
    await Promise.all([first, ...others]);
    expect(attempts.map(({ rowCount }) => rowCount)).toEqual([1, 1, 1]);
    expect(await stored()).toEqual(['A', 'B', 'C']);
    expect(writer.progress()).toMatchObject({ pendingBytes: 0, rows: 3 });
  });

  it('takes nothing from a caller who gave up before there was room', async () => {
    const { writer, answer, timers, pass, stored } = full();
    const giveUp = new AbortController();
    const aborted = writer.write('marketData', bars(['B']), { signal: giveUp.signal });
    const late = writer.write('marketData', bars(['C']), { deadline: timers.now() + 10 });
    giveUp.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const ended = watched(late);
    await pass(10);
    expect(ended.error).toMatchObject({ code: 'TIMEOUT' });
    answer();
    await writer.close();
    expect(await stored()).toEqual(['A']);
  });

  it('turns away who waits when it is closed', async () => {
    const { writer, first, answer, stored } = full();
    const waiting = writer.write('marketData', bars(['B']));
    const closing = writer.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CONNECTION', retryable: false });
    answer();
    await Promise.all([first, closing]);
    expect(await stored()).toEqual(['A']);
  });
});

describe('the end', () => {
  it('of collecting comes early by a flush', async () => {
    const { open, stored } = world({ maxAgeMs: 1_000 });
    const writer = open();
    const write = watched(writer.write('marketData', bars(['A'])));
    await writer.flush();
    expect(write.value).toBeDefined();
    expect(await stored()).toEqual(['A']);
  });

  it('settles what was taken and refuses what comes later', async () => {
    const { open, stored } = world();
    const writer = open();
    const write = writer.write('marketData', bars(['A']));
    await Promise.all([writer.close(), writer.close(), write]);
    expect(await stored()).toEqual(['A']);
    await expect(writer.write('marketData', bars(['B']))).rejects.toMatchObject({ code: 'CONNECTION' });
    await writer.close();
  });

  it('past its deadline names the rows that are not stored, here and to their callers', async () => {
    const { open, pass, script, timers } = world({ maxRows: 2, maxInFlight: 1 });
    script.answer = hangs;
    const writer = open();
    const writes = [['A', 'B'], ['C', 'D'], ['E']].map((names) =>
      watched(writer.write('marketData', bars(names))),
    );
    const closing = watched(writer.close({ deadline: timers.now() + 100 }));
    await pass(100);
    expect(closing.error).toMatchObject({ code: 'TIMEOUT', rowCount: 5, journaledBlocks: 0 });
    expect((closing.error as Error).message).toMatch(/5 rows are not stored/);
    expect(writes.map(({ error }) => error)).toEqual(writes.map(() => closing.error));
    await expect(writer.close()).rejects.toBe(closing.error);
  });
});
