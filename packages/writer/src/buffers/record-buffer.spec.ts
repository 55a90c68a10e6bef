import { getEventListeners } from 'node:events';
import type { BlockReceipt } from '@quantumtrade/dal-domain';
import { JOURNALED } from '@quantumtrade/dal-domain';
import { turn } from '@quantumtrade/dal-testing';
import { bars, MONTH_MS } from '@quantumtrade/dal-testing/records';
import { hangs } from '../testing/answers.js';
import { watch, writerHarness } from '../testing/writer-harness.js';

it('write resolves with the counts of its own batch', async () => {
  const { open, advance, attempts, stored } = writerHarness();
  const writer = open();
  const first = writer.write('marketData', bars(['A', '!B', 'C']));
  const second = writer.write('marketData', bars(['!D', 'E']));
  const empty = writer.write('marketData', bars(['!F']));
  await advance(50);
  const durability = 'acknowledged';
  expect(await first).toEqual({
    acceptedCount: 2,
    failedCount: 1,
    supersededCount: 0,
    roundedCount: 0,
    errors: [{ index: 1, field: 'close', reason: expect.any(String) }],
    durability,
    writeToken: expect.any(String),
  });
  expect(await second).toMatchObject({ acceptedCount: 1, errors: [{ index: 0, field: 'close' }] });
  expect(await empty).toMatchObject({ acceptedCount: 0, failedCount: 1, writeToken: null });
  expect(attempts.map(({ rowCount }) => rowCount)).toEqual([3]);
  expect(await stored()).toEqual(['A', 'C', 'E']);
});

it('write sends the first rows immediately and later rows after maxAgeMs', async () => {
  const { open, advance, attempts } = writerHarness({ maxAgeMs: 20 });
  const writer = open();
  const rowCounts = () => attempts.map(({ rowCount }) => rowCount);
  const write = (symbol: string) => void writer.write('marketData', bars([symbol]));
  write('A');
  write('B');
  await advance(0);
  expect(rowCounts()).toEqual([2]);
  await advance(5);
  write('C');
  await advance(14);
  write('D');
  expect(rowCounts()).toEqual([2]);
  await advance(1);
  expect(rowCounts()).toEqual([2, 2]);
  await advance(20);
  write('E');
  await advance(0);
  expect(rowCounts()).toEqual([2, 2, 1]);
});

it('write waits at most maxAgeMs when the clock was set back', async () => {
  const { open, advance, attempts, clock } = writerHarness({ maxAgeMs: 20 });
  const writer = open();
  void writer.write('marketData', bars(['A']));
  await advance(0);
  const now = clock.now.bind(clock);
  clock.now = () => now() - 3_600_000;
  void writer.write('marketData', bars(['B']));
  await advance(20);
  expect(attempts).toHaveLength(2);
});

it.each([
  ['rows', { maxRows: 3 }],
  ['bytes', { maxBytes: 600 }],
])('write sends a block immediately when it has enough %s', async (_what, limits) => {
  const { open, attempts } = writerHarness(limits);
  const writer = open();
  const writes = ['A', 'B', 'C', 'D'].map((symbol) => writer.write('marketData', bars([symbol])));
  await Promise.all(writes.slice(0, 3));
  expect(attempts.map(({ rowCount }) => rowCount)).toEqual([3]);
});

it('write sends a block before another batch would exceed maxRows', async () => {
  const { open, advance, attempts } = writerHarness({ maxRows: 5 });
  const writer = open();
  const symbols = [['A', 'B'], ['C'], ['D'], ['E', 'F'], ['G', 'H', 'I', 'J', 'K', 'L']];
  for (const batch of symbols) void writer.write('marketData', bars(batch));
  await advance(20);
  expect(attempts.map(({ rowCount }) => rowCount)).toEqual([4, 8]);
});

it('write continues to collect rows while maxInFlight blocks are sent', async () => {
  const { open, advance, attempts, script } = writerHarness({ maxInFlight: 1, maxAgeMs: 5 });
  const store = script.answer;
  const writer = open();
  let answer!: (receipt: BlockReceipt) => void;
  script.answer = () => new Promise((resolve) => (answer = resolve));
  void writer.write('marketData', bars(['A']));
  await advance(5);
  for (const symbol of ['B', 'C', 'D']) {
    void writer.write('marketData', bars([symbol]));
    await advance(5);
  }
  script.answer = store;
  answer(JOURNALED);
  await turn();
  expect(attempts.map(({ rowCount }) => rowCount)).toEqual([1, 3]);
});

it('write adds one listener to a signal shared by many writes', async () => {
  const { open, advance } = writerHarness();
  const writer = open();
  const { signal } = new AbortController();
  const writes = Array.from({ length: 1_000 }, () => writer.write('marketData', bars(['A']), { signal }));
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  await advance(20);
  await Promise.all(writes);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('write sends two blocks at the same time by default', async () => {
  const { open, attempts, script } = writerHarness({ maxRows: 1 });
  script.answer = hangs;
  const writer = open();
  for (const symbol of ['A', 'B', 'C']) void writer.write('marketData', bars([symbol]));
  await turn();
  expect(attempts).toHaveLength(2);
});

it('the write called last wins when its block is stored first', async () => {
  const { open, script, timeSeries } = writerHarness({ maxRows: 1 });
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

it('write rejects only the caller of a wrong batch', async () => {
  const { open, advance } = writerHarness();
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
  await advance(50);
  expect(await Promise.all([good, after])).toMatchObject([{ acceptedCount: 1 }, { acceptedCount: 1 }]);
});

it('write waits for all blocks when a batch spans months', async () => {
  const { open, advance, attempts, script } = writerHarness();
  const store = script.answer;
  const answers: (() => void)[] = [];
  script.answer = (block) => new Promise((resolve) => void answers.push(() => resolve(store(block))));
  let month = 0;
  const write = watch(
    open().write(
      'marketData',
      bars(['A', 'B'], () => month++ * MONTH_MS),
    ),
  );
  await advance(50);
  expect(attempts).toHaveLength(2);
  answers[0]!();
  await turn();
  expect(write).toEqual({});
  answers[1]!();
  await turn();
  expect(write.value).toMatchObject({ acceptedCount: 2 });
});
