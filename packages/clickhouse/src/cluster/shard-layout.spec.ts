import type { RecordDefinition } from '@quantumtrade/dal-domain';
import { marketData, records, strategyPerformance } from '@quantumtrade/dal-domain';
import { ShardLayout, shardFieldOf } from './shard-layout.js';

const DECEMBER = 12 * 2026 + 11;
const SYMBOLS = Array.from({ length: 1_000 }, (_, n) => `SYMBOL-${n}`);

describe('ShardLayout', () => {
  const layout = new ShardLayout([
    { from: '', shards: 2 },
    { from: '2026-12', shards: 3 },
  ]);

  it('gives each symbol a shard of its month', () => {
    expect(layout.shards).toEqual([1, 2, 3]);
    for (const symbol of SYMBOLS) {
      const before = layout.shardOf(symbol, DECEMBER - 1);
      const after = layout.shardOf(symbol, DECEMBER);
      expect([1, 2]).toContain(before);
      expect([before, 3]).toContain(after);
    }
  });

  it('spreads symbols evenly', () => {
    const counts = [0, 0, 0];
    for (const symbol of SYMBOLS) counts[layout.shardOf(symbol, DECEMBER) - 1]!++;
    for (const count of counts) expect(Math.abs(count - 333)).toBeLessThan(60);
  });

  it('names the shards that a range may be on', () => {
    const moved = SYMBOLS.find((symbol) => layout.shardOf(symbol, DECEMBER) === 3)!;
    const before = layout.shardOf(moved, DECEMBER - 1);
    const boundary = Date.UTC(2026, 11);
    expect(layout.shardsOf([moved])).toEqual([before, 3]);
    expect(layout.shardsOf([moved], { start: boundary })).toEqual([3]);
    expect(layout.shardsOf([moved], { end: boundary })).toEqual([before]);
    expect(layout.shardsOf([moved], { start: boundary - 1 })).toEqual([before, 3]);
    expect(layout.shardsOf([moved], { end: boundary + 1 })).toEqual([before, 3]);
    expect(layout.shardsOf(SYMBOLS)).toEqual([1, 2, 3]);
    expect(layout.shardsOf([])).toEqual([]);
    expect(layout.shardsIn({ end: boundary })).toEqual([1, 2]);
    expect([{}, { end: boundary + 1 }, { start: boundary }].map((range) => layout.shardsIn(range))).toEqual(
      Array(3).fill(undefined),
    );
  });
});

describe('shardFieldOf', () => {
  it('is the symbol where there is one', () => {
    expect(shardFieldOf(marketData)).toBe('symbol');
    expect(shardFieldOf(strategyPerformance)).toBe('strategyName');
  });

  it('is what newest rows are looked up by', () => {
    for (const definition of Object.values<RecordDefinition>(records))
      if (definition.latest) expect(shardFieldOf(definition)).toBe(definition.latest.by);
  });
});
