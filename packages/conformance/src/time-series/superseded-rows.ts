import type { CollectedBlock, MarketDataBatch, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenTimeSeries } from './subject.js';
import { DAY, describeSubject, uniqueDay, uniqueName, untyped } from './subject.js';

const PRICES = { open: 1, high: 1, low: 1, close: 1, adjustedClose: 1, volume: 1, qualityScore: 1 };
type BarKey = Pick<MarketDataBatch['records'][number], 'symbol' | 'timestamp'>;
const FIND = { findSuperseded: true };

/** Tests the superseded rows that a block write reports. */
export function supersededRowSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'superseded rows', (backend) => supersededRowTests(runner, backend));
}

function supersededRowTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const day = uniqueDay();

  /** Returns keys of one symbol, whose rows are one block also where symbols are spread over shards. */
  const newKeys = (count: number): BarKey[] => {
    const symbol = uniqueName();
    return Array.from({ length: count }, (_, n) => ({ symbol, timestamp: day + n }));
  };

  /** Creates a batch with one bar of each key; `written` is the time of the batch. */
  const bars = (keys: readonly BarKey[], written?: number): MarketDataBatch => ({
    source: 'vendor',
    records: keys.map((key) => ({ ...PRICES, ...key })),
    ...(written !== undefined && { timestamp: written }),
  });

  function blockOf(...batches: readonly MarketDataBatch[]): CollectedBlock {
    const collector = backend().blocks.collect('marketData');
    for (const batch of batches) collector.append(batch);
    return collector.finish()[0]!;
  }

  const unread = async (block: CollectedBlock) => (await backend().blocks.write(block)).superseded;
  const find = async (block: CollectedBlock) => (await backend().blocks.write(block, FIND)).superseded;

  it('write finds superseded rows only with findSuperseded', async () => {
    const keys = newKeys(1);
    await backend().blocks.write(blockOf(bars(keys)));
    const block = blockOf(bars(keys, day));
    expect(await unread(block)).toBeNull();
    expect(
      await summaryOfRejection(() => backend().blocks.write(block, untyped({ findSuperseded: 'yes' }))),
    ).toEqual({
      code: 'VALIDATION',
      field: 'findSuperseded',
    });
  });

  it('new keys and newer versions supersede no row', async () => {
    const keys = newKeys(2);
    expect(await find(blockOf(bars(keys, day)))).toEqual([]);
    expect(await find(blockOf(bars(keys, day + 1)))).toEqual([]);
    expect(await find(blockOf(bars(keys)))).toEqual([]);
  });

  it('reports rows older than stored ones, with their batch', async () => {
    const [first, second, third, fourth] = newKeys(4) as [BarKey, BarKey, BarKey, BarKey];
    await backend().marketData.insert(bars([second, fourth]));
    const block = blockOf(
      bars([first, second], day),
      bars([], day),
      bars([third, fourth], day),
      bars([fourth]),
    );
    const superseded = (await find(block))!;
    expect(superseded).toEqual([1, 3]);
    expect(superseded.map((row) => block.batchOf(row))).toEqual([0, 2]);
    expect([0, 4].map((row) => block.batchOf(row))).toEqual([0, 3]);
  });

  it('reports rows older than an earlier row of the block', async () => {
    const keys = newKeys(1);
    const times = [day + 1, day, day + 2, day + 1];
    expect(await find(blockOf(...times.map((time) => bars(keys, time))))).toEqual([1, 3]);
  });

  it('reports the same superseded rows when the block is rewritten', async () => {
    const [lost, won] = newKeys(2) as [BarKey, BarKey];
    await backend().marketData.insert(bars([lost], day + 2));
    const block = blockOf(bars([won, lost], day), bars([won, won], day + 1));
    for (let times = 0; times < 3; times++) expect(await find(block)).toEqual([1]);
  });

  it('reports rows older than a block still being written', async () => {
    const [shared, other] = newKeys(2) as [BarKey, BarKey];
    const newer = blockOf(bars([shared]));
    const older = blockOf(bars([shared, other], day));
    const apart = blockOf(bars(newKeys(1), day));
    const writes = [unread(newer), find(older), find(apart)];
    expect(await Promise.all(writes)).toEqual([null, [0], []]);
  });

  it('reports superseded features by the time of their set', async () => {
    const symbol = uniqueName();
    const set = (computedAt: number) => ({
      ...{ symbol, timestamp: day, version: 1, features: { a: 1, b: 2 } },
      computedAt,
    });
    await backend().features.insert([set(day + 1)]);
    const collector = backend().blocks.collect('features');
    collector.append([set(day + 2), { ...set(day), timestamp: day + DAY }]);
    collector.append([set(day)]);
    const [block] = collector.finish();
    const superseded = (await find(block!))!;
    expect(superseded).toEqual([4, 5]);
    expect(superseded.map((row) => block!.batchOf(row))).toEqual([1, 1]);
  });
}
