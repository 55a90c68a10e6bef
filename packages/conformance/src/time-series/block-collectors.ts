import type { CollectedBlock, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';
import { barsOf, collectorOf, marketDataCase, range } from './block-samples.js';
import type { LooseRow } from './record-cases.js';
import { batchOfRows } from './record-cases.js';
import { DAY, uniqueDay, uniqueName, untyped } from './subject.js';

/** Tests the blocks and the memory of collectors. */
export function collectorTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;

  it('finish returns no block when no row is valid', async () => {
    const collector = collectorOf(backend(), marketDataCase);
    expect(collector.finish()).toEqual([]);
    collector.append(untyped(batchOfRows(marketDataCase, [null, {}])));
    collector.append(untyped(batchOfRows(marketDataCase, [])));
    expect(collector.rowCount).toBe(0);
    expect(collector.finish()).toEqual([]);
  });

  it('finish resets the collector', async () => {
    const day = uniqueDay();
    const collector = collectorOf(backend(), marketDataCase);
    const append = (rows: readonly LooseRow[]) =>
      collector.append(untyped(batchOfRows(marketDataCase, rows)));
    const empty = collector.byteLength;
    for (const round of [1, 2, 3]) {
      const symbol = uniqueName();
      append(barsOf(symbol, day, 10));
      const small = collector.byteLength;
      expect(small).toBeGreaterThan(empty);
      append(barsOf(symbol, day + DAY, 100 * round));
      expect(collector.byteLength).toBeGreaterThan(small);
      const blocks: CollectedBlock[] = collector.finish();
      expect(blocks.reduce((sum, { rowCount }) => sum + rowCount, 0)).toBe(10 + 100 * round);
      expect(Math.min(...blocks.flatMap(({ batches }) => batches))).toBe(0);
      expect(collector.rowCount).toBe(0);
      for (const block of blocks) await backend().blocks.write(block);
      expect((await backend().marketData.find({ symbol, limit: 0 })).totalCount).toBe(10 + 100 * round);
    }
  });

  it('release lets later blocks reuse the memory', async () => {
    const symbols = range(6).map(() => uniqueName());
    const day = uniqueDay();
    const collector = collectorOf(backend(), marketDataCase);
    const made = symbols.map((symbol, n) => async () => {
      collector.append(untyped(batchOfRows(marketDataCase, barsOf(symbol, day, 1_500, n))));
      const [block] = collector.finish();
      await backend().blocks.write(block!);
      return block!;
    });
    for (const make of made.slice(0, 3)) (await make()).release();
    const kept = await made[3]!();
    for (const make of made.slice(4)) {
      const { release } = await make();
      release();
      release();
    }
    await backend().blocks.write(kept);
    for (const [n, symbol] of symbols.entries()) {
      const { data, totalCount } = await backend().marketData.find({ symbol, limit: 1_500 });
      expect(totalCount).toBe(1_500);
      expect(new Set(data.map(({ close }) => close))).toEqual(new Set([n]));
    }
  });

  it('blocks keep their bytes when the collector continues', async () => {
    const [first, second] = [uniqueName(), uniqueName()];
    const collector = collectorOf(backend(), marketDataCase);
    collector.append(untyped(batchOfRows(marketDataCase, barsOf(first, uniqueDay(), 500))));
    const blocks = collector.finish();
    collector.append(untyped(batchOfRows(marketDataCase, barsOf(second, uniqueDay(), 500))));
    collector.finish();
    for (const block of blocks) await backend().blocks.write(block);
    expect((await backend().marketData.find({ symbol: first, limit: 0 })).totalCount).toBe(500);
    expect((await backend().marketData.find({ symbol: second, limit: 0 })).totalCount).toBe(0);
  });
}
