import type { DatabaseAbstraction } from '@quantumtrade/dal';
import { memoryModule, openDatabase } from '@quantumtrade/dal-container';
import assert from 'node:assert/strict';

/** Application code, which uses the data layer and no backend. */
async function dailyRange(database: DatabaseAbstraction, symbol: string): Promise<number[]> {
  const { data } = await database.getAggregatedData({ symbol, interval: '1d' });
  return data.map(({ bar }) => bar!.high - bar!.low);
}

const { database, close } = await openDatabase(memoryModule(), {
  clock: { now: () => Date.UTC(2024, 0, 3) },
});
await database.initializeSchema();
const bar = { symbol: 'MSFT', open: 370, close: 371, adjustedClose: 371, volume: 10, qualityScore: 100 };
await database.insertMarketData({
  source: 'test',
  records: [
    { ...bar, timestamp: Date.UTC(2024, 0, 2, 15), high: 372, low: 369 },
    { ...bar, timestamp: Date.UTC(2024, 0, 2, 16), high: 374, low: 370 },
  ],
});
assert.deepEqual(await dailyRange(database, 'MSFT'), [5]);
await close();
console.log('the same code, on memory');
