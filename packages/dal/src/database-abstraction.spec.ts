import type { AuditEntry } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import type { OperationEvent } from '@quantumtrade/dal-telemetry';
import { onOperationEnd } from '@quantumtrade/dal-telemetry';
import { z } from 'zod';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { DatabaseAbstraction } from './database-abstraction.js';

const batch = {
  source: 'vendor',
  records: [
    buildRow('marketData', { symbol: 'A' }),
    buildRow('marketData', { symbol: 'A', timestamp: 1, close: NaN }),
  ],
};

function open(entries: AuditEntry[] = []) {
  return new DatabaseAbstraction({
    timeSeries: memoryTimeSeries(),
    cache: memoryCacheBackend(),
    clock: { now: () => 77 },
    actor: 'test',
    audit: { record: async (entry) => void entries.push(entry) },
  });
}

it('records successful and failed modifications, and no reads', async () => {
  const entries: AuditEntry[] = [];
  const database = open(entries);
  await database.insertMarketData(batch);
  await database.getMarketData({});
  await database.sentiment.insert({ source: '', records: [] }).catch(() => undefined);
  const made = { at: 77, actor: 'test', batchId: expect.stringMatching(/^[0-9a-f-]{36}$/) };
  expect(entries).toEqual([
    {
      ...made,
      operation: 'marketData.insert',
      outcome: 'ok',
      insertedCount: 1,
      updatedCount: 0,
      failedCount: 1,
    },
    { ...made, operation: 'sentiment.insert', outcome: 'VALIDATION' },
  ]);
  expect(entries[0]?.batchId).not.toBe(entries[1]?.batchId);
});

it('measures every call and counts failures', async () => {
  const database = open();
  await database.insertMarketData(batch);
  await database.getMarketData({});
  await database.getMarketData({ limit: -1 }).catch(() => undefined);
  const metrics = await database.getPerformanceMetrics();
  expect(metrics.errorRate).toBeCloseTo(1 / 3);
  expect(metrics.queryLatencyP50).toBeGreaterThan(0);
  expect(metrics.queryLatencyP99).toBeGreaterThanOrEqual(metrics.queryLatencyP50);
  expect(database.operationStatistics()['marketData.find']).toMatchObject({ count: 2, errors: 1 });
});

it('reports the hit rate of the read-through cache', async () => {
  const database = open();
  await database.insertMarketData(batch);
  for (let i = 0; i < 4; i++) await database.getLatestMarketData('A', 1);
  expect((await database.getPerformanceMetrics()).cacheHitRate).toBe(0.75);
});

it('announces the operations of all ports', async () => {
  const events: OperationEvent[] = [];
  const stop = onOperationEnd((event) => events.push(event));
  const database = open();
  await database.insertMarketData(batch);
  await database.getLatestMarketData('A', 1);
  await database.outcomes.find({});
  stop();
  expect(events.map(({ operation, rows, cacheHit }) => ({ operation, rows, cacheHit }))).toEqual([
    { operation: 'marketData.insert', rows: 1, cacheHit: undefined },
    { operation: 'marketData.latest', rows: 1, cacheHit: false },
    { operation: 'outcomes.find', rows: 0, cacheHit: false },
  ]);
});

it('cacheGet checks cached values by the decoder', async () => {
  const database = open();
  await database.cacheSet('k', { a: 1 }, 60);
  expect(await database.cacheExists('k')).toBe(true);
  expect(await database.cacheGet('k')).toEqual({ a: 1 });
  expect(await database.cacheGet('k', z.object({ a: z.number() }))).toEqual({ a: 1 });
  await expect(database.cacheGet('k', z.object({ a: z.string() }))).rejects.toMatchObject({ code: 'CACHE' });
  expect(await database.cacheDelete('k')).toBe(true);
  expect(await database.cacheGet('k')).toBeNull();
});

it('returns predictions due by its clock that have no outcome', async () => {
  const database = new DatabaseAbstraction({
    timeSeries: memoryTimeSeries(),
    cache: memoryCacheBackend(),
    clock: { now: () => 300_000 },
  });
  const prediction = {
    symbol: 'A',
    predictionHorizon: 5,
    predictedPrice: 1,
    confidence: 1,
    marketRegime: 'calm',
    featuresUsed: [],
    modelLatencyMs: 0,
    strategyParameters: {},
  };
  await database.insertPredictions({
    modelVersion: 'm',
    strategy: 's',
    predictions: [
      { ...prediction, predictionId: 'due', timestamp: 0 },
      { ...prediction, predictionId: 'running', timestamp: 1 },
    ],
  });
  const due = await database.getPredictionsForEvaluation(5);
  expect(due.data.map(({ predictionId }) => predictionId)).toEqual(['due']);
});

it('refuses calls without required arguments with a ValidationError', async () => {
  const database = open();
  const nothing = undefined as never;
  expect((await database.getMarketData()).data).toEqual([]);
  expect((await database.getFeatures()).data).toEqual([]);
  for (const call of [
    () => database.insertMarketData(nothing),
    () => database.insertPredictions(nothing),
    () => database.getMarketData(null as never),
    () => database.getLatestMarketData(nothing, 1),
    () => database.getFeatures(null as never),
    () => database.getLatestFeatures(nothing),
    () => database.getPrediction(nothing),
    () => database.getAggregatedData(nothing),
    () => database.transaction((tx) => tx.insert('marketData', nothing)),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'VALIDATION' });
  }
});

it('rejects calls after close', async () => {
  const database = open();
  await database.close();
  await expect(database.getMarketData({})).rejects.toMatchObject({ code: 'CONNECTION' });
});
