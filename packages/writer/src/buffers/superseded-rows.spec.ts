import type { MarketDataBatch } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import { bars } from '@quantumtrade/dal-testing/records';
import { writerHarness } from '../testing/writer-harness.js';
import type { BatchWriterOptions } from '../batch-writer-options.js';

const datedBars = (symbols: readonly string[], written: number): MarketDataBatch => ({
  ...bars(symbols),
  timestamp: written,
});

/** A writer over a store with newer versions of B and D. `asked` has the `findSuperseded` of each attempt. */
async function withNewerRows(options: BatchWriterOptions = {}) {
  const all = writerHarness(options);
  await all.timeSeries.marketData.insert(bars(['B', 'D']));
  const asked: (boolean | undefined)[] = [];
  const store = all.script.answer;
  all.script.answer = (block, callOptions) => {
    asked.push(callOptions?.findSuperseded);
    return store(block, callOptions);
  };
  return { ...all, asked };
}

it('write counts the superseded rows of its own batch', async () => {
  const { open, advance, asked } = await withNewerRows();
  const writer = open();
  const batches = [
    datedBars(['A', 'B', '!C'], 1),
    datedBars(['C'], 1),
    bars(['D']),
    datedBars(['D', 'B', 'E'], 1),
  ];
  const writes = batches.map((batch) => writer.write('marketData', batch));
  await advance(50);
  const counts = (await Promise.all(writes)).map((receipt) => [
    receipt.acceptedCount,
    receipt.supersededCount,
  ]);
  expect(counts).toEqual([
    [2, 1],
    [1, 0],
    [1, 0],
    [3, 2],
  ]);
  expect(asked).toEqual([true]);
});

it('write counts superseded rows over all blocks of a batch', async () => {
  const { open, advance, timeSeries } = await withNewerRows();
  const months = [0, 40, 80].map((days) => days * 86_400_000);
  const spread = (written?: number): MarketDataBatch => ({
    source: 'test',
    records: months.map((timestamp) => ({ ...bars(['A']).records[0]!, timestamp })),
    ...(written !== undefined && { timestamp: written }),
  });
  await timeSeries.marketData.insert({ ...spread(), records: spread().records.slice(1) });
  const write = open().write('marketData', spread(1));
  await advance(50);
  expect(await write).toMatchObject({ acceptedCount: 3, supersededCount: 2 });
});

it('write finds superseded rows only when a batch has its own time', async () => {
  const { open, advance, asked } = await withNewerRows({ maxRows: 1 });
  const writer = open();
  const set = { symbol: 'A', timestamp: 0, version: 1, features: { f: 1 } };
  const writes = [
    writer.write('marketData', bars(['B'])),
    writer.write('marketData', datedBars(['B'], 1)),
    writer.write('features', [set, { ...set, symbol: 'B' }]),
    writer.write('features', [set, { ...set, computedAt: 1 }]),
  ];
  await advance(50);
  const counts = (await Promise.all(writes)).map(({ supersededCount }) => supersededCount);
  expect(counts).toEqual([0, 1, 0, 1]);
  expect(asked.sort()).toEqual([false, false, true, true]);
});

it('write does not count rows that its earlier attempt stored', async () => {
  const { open, advance, script, attempts } = await withNewerRows();
  const store = script.answer;
  let lostAnswers = 3;
  script.answer = async (...call) => {
    const receipt = await store(...call);
    if (lostAnswers-- > 0) throw new ConnectionError('cut', { operation: 'test' });
    return receipt;
  };
  const write = open().write('marketData', datedBars(['A', 'A', 'B'], 1));
  for (let n = 0; n < 5; n++) await advance(1_000);
  expect(await write).toMatchObject({ acceptedCount: 3, supersededCount: 1 });
  expect(attempts).toHaveLength(4);
});

it('countSuperseded always finds rows of a process whose clock is ahead', async () => {
  const ahead = memoryTimeSeries({ clock: { now: () => Date.now() + 60_000 } });
  const collector = ahead.blocks.collect('marketData');
  collector.append(bars(['A']));
  const [foreign] = collector.finish();
  for (const [countSuperseded, count] of [
    ['timed', 0],
    ['always', 1],
    ['never', null],
  ] as const) {
    const { open, advance, timeSeries } = await withNewerRows({ countSuperseded });
    await timeSeries.blocks.write(foreign!);
    const write = open().write('marketData', bars(['A']));
    await advance(50);
    expect([countSuperseded, (await write).supersededCount]).toEqual([countSuperseded, count]);
  }
});

it('supersededCount is null when the write is journaled', async () => {
  const { openJournaled, advance, asked } = await withNewerRows({ countSuperseded: 'always' });
  const writer = await openJournaled();
  const write = writer.write('marketData', datedBars(['B'], 1));
  const feed = writer.writeAll('marketData', [datedBars(['B'], 1)]);
  await advance(50);
  expect((await write).supersededCount).toBeNull();
  expect((await feed).supersededCount).toBeNull();
  await advance(50);
  expect(asked).toEqual([undefined]);
});

it('writeAll sums the superseded rows of its batches', async () => {
  const { open, advance } = await withNewerRows({ maxRows: 1 });
  const batches = [datedBars(['A', 'B'], 1), bars(['B']), datedBars(['D'], 1)];
  const feed = open().writeAll('marketData', batches);
  await advance(50);
  expect(await feed).toMatchObject({ batchCount: 3, acceptedCount: 4, supersededCount: 2 });
});

it('openBatchWriter refuses an unknown value of countSuperseded', () => {
  const { open } = writerHarness({ countSuperseded: 'sometimes' as never });
  expect(open).toThrow(expect.objectContaining({ code: 'VALIDATION', field: 'countSuperseded' }));
});
