import { defineConfig } from '@quantumtrade/dal-config';
import { embeddedModule, openDatabase } from '@quantumtrade/dal-container';

const config = defineConfig({ redis: { url: 'redis://127.0.0.1:6379' } });
const { database, close } = await openDatabase(embeddedModule({ ...config, embedded: {} }));
await database.initializeSchema();

const result = await database.insertMarketData({
  source: 'quickstart',
  records: [
    {
      symbol: 'AAPL',
      timestamp: Date.UTC(2024, 0, 2, 14, 30),
      open: '187.15',
      high: '187.40',
      low: '186.90',
      close: '187.21',
      adjustedClose: '187.21',
      volume: 81_200,
      qualityScore: 100,
    },
    {
      symbol: 'AAPL',
      timestamp: Date.UTC(2024, 0, 2, 14, 31),
      open: '187.21',
      high: '187.35',
      low: '187.02',
      close: '187.10',
      adjustedClose: '187.10',
      volume: 52_900,
      qualityScore: 100,
    },
    {
      symbol: 'AAPL',
      timestamp: Date.UTC(2024, 0, 2, 14, 32),
      open: 'n/a',
      high: 187.2,
      low: 187,
      close: 187.1,
      adjustedClose: 187.1,
      volume: 40_000,
      qualityScore: 100,
    },
  ],
});
console.log(result.insertedCount, 'inserted,', result.errors);

const bars = await database.getAggregatedData({ symbol: 'AAPL', interval: '5m' }, { exact: true });
console.log(bars.data[0]?.bar);

await database.getLatestMarketData('AAPL', 1);
const latest = await database.getLatestMarketData('AAPL', 1);
console.log(latest.data[0]?.close, 'from the cache:', latest.cacheHit);

await close();
