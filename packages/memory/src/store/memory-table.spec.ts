import { describe, expect, it } from '@jest/globals';
import type { Row, SelectionPlan } from '@quantumtrade/dal-domain';
import { records } from '@quantumtrade/dal-domain';
import { timeOrder } from './memory-store.js';
import { MemoryTable } from './memory-table.js';

const DAY = 86_400_000;

const plan = (symbol: string, start: number, end: number): SelectionPlan => ({
  definition: records.marketData,
  equals: [{ name: 'symbol', field: { kind: 'symbol' }, value: symbol }],
  start,
  end,
  symbols: undefined,
});

describe('MemoryTable', () => {
  it('reading one day of one of many symbols visits few rows', () => {
    let looks = 0;
    const table = new MemoryTable(records.marketData);
    for (let n = 0; n < 20_000; n++) {
      const row = {
        symbol: `S${n % 10}`,
        source: 'x',
        get timestamp() {
          looks++;
          return Math.floor(n / 10) * DAY;
        },
      };
      table.upsert({ row: row as Row, version: 0n });
    }
    looks = 0;
    expect(table.find(plan('S3', 500 * DAY, 501 * DAY), timeOrder(records.marketData))).toHaveLength(1);
    expect(looks).toBeLessThan(50);
  });

  it('sorts rows that arrived out of order when they are read', () => {
    const table = new MemoryTable(records.marketData);
    for (const timestamp of [5, 1, 4, 2, 3]) {
      table.upsert({ row: { symbol: 'A', source: 'x', timestamp }, version: 0n });
    }
    expect(table.find(plan('A', 2, 5), timeOrder(records.marketData)).map((row) => row['timestamp'])).toEqual(
      [2, 3, 4],
    );
  });

  it('keys with equal concatenated parts are different', () => {
    const table = new MemoryTable(records.strategyPerformance);
    const row = (strategyName: string, marketRegime: string): Row => ({
      strategyName,
      marketRegime,
      timestamp: 0,
      id: 'x',
    });
    expect(table.upsert({ row: row('a,"b', 'c'), version: 0n })).toBe('inserted');
    expect(table.upsert({ row: row('a', '"b,c'), version: 0n })).toBe('inserted');
    expect(table.upsert({ row: row('a","b', 'c'), version: 0n })).toBe('inserted');
    expect(table.upsert({ row: row('a', 'b","c'), version: 0n })).toBe('inserted');
  });
});
