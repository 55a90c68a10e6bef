import { memoryModule, openDatabase } from '@quantumtrade/dal-container';
import assert from 'node:assert/strict';

const { database, close } = await openDatabase(memoryModule());
await database.initializeSchema();
const timestamp = Date.UTC(2024, 0, 2, 14, 30);
const bar = {
  symbol: 'BTCUSD',
  timestamp,
  open: '42000.5',
  high: '42100',
  low: '41900',
  close: '42050.12345678',
  adjustedClose: '42050.12345678',
  volume: '0.12345678',
  qualityScore: 100,
};

// A batch with a time can be sent again without undoing a correction.
const batch = { source: 'vendor-a', records: [bar], timestamp: Date.now() - 60_000 };
await database.insertMarketData(batch);
await database.insertMarketData({ source: 'vendor-a', records: [{ ...bar, volume: 0.5 }] });
const replay = await database.insertMarketData(batch);
assert.deepEqual([replay.updatedCount, replay.supersededCount], [1, 1]);

// Longer decimals are refused, unless the batch asks for rounding.
const long = { source: 'vendor-b', records: [{ ...bar, volume: '1000000000.123456785' }] };
assert.equal((await database.insertMarketData(long)).failedCount, 1);
assert.equal((await database.insertMarketData({ ...long, rounding: 'half-even' })).roundedCount, 1);
const { data } = await database.getMarketData({ symbol: 'BTCUSD' }, { exact: true });
assert.deepEqual(
  data.map(({ volume }) => volume),
  ['0.5', '1000000000.12345678'],
);

// Bars of two sources at one instant are added up only on request.
const daily = { symbol: 'BTCUSD', interval: '1d' } as const;
await assert.rejects(database.getAggregatedData(daily, { exact: true }), { code: 'VALIDATION' });
const combined = await database.getAggregatedData({ ...daily, sources: 'combine' }, { exact: true });
assert.equal(combined.data[0]?.bar?.volume, '1000000000.62345678');

await database.insertFeatures([
  {
    symbol: 'BTCUSD',
    timestamp,
    version: 1,
    features: { vol: 0.25 },
    metadata: { unit: 'annual', bars: '20' },
  },
  {
    symbol: 'BTCUSD',
    timestamp,
    version: 1,
    features: { rsi: 55.5 },
    metadata: { unit: 'points', bars: '20' },
  },
]);
const set = await database.getLatestFeatures('BTCUSD');
assert.deepEqual(set?.metadata, { bars: '20' });
assert.deepEqual(set?.featureMetadata['rsi'], { unit: 'points', bars: '20' });

const strategy = { strategyName: 'trend', marketRegime: 'calm' };
await database.insertPredictions({
  modelVersion: 'm-1',
  strategy: 'trend',
  predictions: [
    {
      predictionId: 'p-1',
      symbol: 'BTCUSD',
      timestamp,
      predictionHorizon: 5,
      predictedPrice: '42100',
      confidence: 0.75,
      marketRegime: 'calm',
      featuresUsed: ['vol', 'rsi'],
      modelLatencyMs: 1.5,
      strategyParameters: { lookback: 20 },
    },
  ],
});
const due = await database.getPredictionsForEvaluation(5);
await database.outcomes.insert({
  outcomes: due.data.map(({ predictionId, symbol, predictedPrice, timestamp: predictedAt }) => ({
    ...strategy,
    predictionId,
    symbol,
    timestamp: predictedAt,
    predictedPrice,
    actualPrice: '42060',
    accuracyScore: 0.9,
    profitLoss: '-40',
    evaluationTimestamp: timestamp + 300_000,
  })),
});
assert.equal((await database.getPredictionsForEvaluation(5)).totalCount, 0);

// A strategy without trades has no win rate.
await database.strategyPerformance.insert({
  records: [
    {
      ...strategy,
      timestamp,
      accuracyRate: null,
      profitLoss: 0,
      sharpeRatio: null,
      maxDrawdown: null,
      totalTrades: 0,
      winRate: null,
      parameters: {},
      marketConditions: {},
    },
  ],
});
assert.equal((await database.strategyPerformance.latest('trend'))?.winRate, null);

const login = { userId: 'ann', startedAt: new Date(), attributes: {} };
const phone = await database.sessions.save({ ...login, attributes: { device: 'phone' } });
await database.sessions.save({ ...login, attributes: { device: 'laptop' } });
await database.sessions.end('ann', phone?.sessionId);
assert.equal(phone && (await database.sessions.save(phone)), null);
assert.equal((await database.sessions.list('ann')).length, 1);

const request = { userId: 'ann', endpoint: 'GET /bars', limit: 5, cost: 3, windowMs: 60_000 };
assert.equal((await database.rateLimiter.consume(request)).remaining, 2);
assert.equal((await database.rateLimiter.consume(request)).allowed, false);

await close();
console.log('corrections, sources, features, outcomes, sessions and limits, in memory');
