import type { AuditEntry } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import type { OperationEvent } from '@quantumtrade/dal-telemetry';
import { onOperationEnd } from '@quantumtrade/dal-telemetry';
import { z } from 'zod';
import { DatabaseAbstraction } from './database-abstraction.js';
import type { WriterStorage } from '@quantumtrade/dal-writer';

const batch = {
  source: 'vendor',
  records: [
    {
      symbol: 'A',
      timestamp: 0,
      open: 1,
      high: 1,
      low: 1,
      close: 1,
      adjustedClose: 1,
      volume: 1,
      qualityScore: 1,
    },
    {
      symbol: 'A',
      timestamp: 1,
      open: 1,
      high: 1,
      low: 1,
      close: NaN,
      adjustedClose: 1,
      volume: 1,
      qualityScore: 1,
    },
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

it('records each modification, and each failed one, and no read', async () => {
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

it('measures every call and counts the failed ones', async () => {
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

it('knows its cache hit rate from the read-through cache', async () => {
  const database = open();
  await database.insertMarketData(batch);
  for (let i = 0; i < 4; i++) await database.getLatestMarketData('A', 1);
  expect((await database.getPerformanceMetrics()).cacheHitRate).toBe(0.75);
});

it('announces operations, also those of the ports that stand beside', async () => {
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

it('keeps values of the caller in the cache, checked on the way out', async () => {
  const database = open();
  await database.cacheSet('k', { a: 1 }, 60);
  expect(await database.cacheExists('k')).toBe(true);
  expect(await database.cacheGet('k')).toEqual({ a: 1 });
  expect(await database.cacheGet('k', z.object({ a: z.number() }))).toEqual({ a: 1 });
  await expect(database.cacheGet('k', z.object({ a: z.string() }))).rejects.toMatchObject({ code: 'CACHE' });
  expect(await database.cacheDelete('k')).toBe(true);
  expect(await database.cacheGet('k')).toBeNull();
});

it('gives the predictions that have run out by its clock and have no outcome', async () => {
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

it('refuses calls without what they need as it refuses wrong values', async () => {
  const database = open();
  const nothing = undefined as never;
  for (const call of [
    () => database.insertMarketData(nothing),
    () => database.insertPredictions(nothing),
    () => database.getMarketData(nothing),
    () => database.getLatestMarketData(nothing, 1),
    () => database.getFeatures(nothing),
    () => database.getLatestFeatures(nothing),
    () => database.getPrediction(nothing),
    () => database.getAggregatedData(nothing),
    () => database.transaction((tx) => tx.insert('marketData', nothing)),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'VALIDATION' });
  }
});

describe('health', () => {
  it('tells the schema version and the last success', async () => {
    const database = open();
    await database.initializeSchema();
    expect(await database.health()).toEqual({
      clickhouseHealthy: true,
      redisHealthy: true,
      cache: { hearsChanges: true, reads: 'made', writes: 'made' },
      schemaVersion: expect.any(Number),
      connectionCount: 0,
      lastSuccessfulQuery: expect.any(Date),
      guarantees: await database.inspectGuarantees(),
    });
    expect((await database.validateSchema()).valid).toBe(true);
  });

  it('tells why changes of the cache are not told', async () => {
    const disconnectedReason = () => 'the server answered NOPERM';
    const invalidations = { listen: () => () => undefined, disconnectedReason };
    const database = new DatabaseAbstraction({
      timeSeries: memoryTimeSeries(),
      cache: { ...memoryCacheBackend(), invalidations },
    });
    expect((await database.health()).cache).toEqual({
      hearsChanges: false,
      changesError: 'the server answered NOPERM',
      reads: 'made',
      writes: 'made',
    });
  });

  it('is told and not thrown when a backend is gone', async () => {
    const gone = () => Promise.reject(new ConnectionError('gone', { operation: 'ping' }));
    const memory = memoryTimeSeries();
    const database = new DatabaseAbstraction({
      timeSeries: {
        ...memory,
        schema: { ...memory.schema, version: gone } as never,
        probe: { ping: gone, connectionCount: () => 3, close: async () => undefined },
      },
      cache: memoryCacheBackend(),
    });
    expect(await database.health()).toEqual({
      clickhouseHealthy: false,
      clickhouseError: 'Connection failed: gone',
      redisHealthy: true,
      cache: { hearsChanges: true, reads: 'made', writes: 'made' },
      schemaVersion: 0,
      connectionCount: 3,
      lastSuccessfulQuery: null,
      guarantees: null,
    });
  });
});

it('fails calls after it was closed', async () => {
  const database = open();
  await database.close();
  await expect(database.getMarketData({})).rejects.toMatchObject({ code: 'CONNECTION' });
});

describe('batch writers', () => {
  const storage = (): WriterStorage => ({
    deadLetters: memoryDeadLetters(),
    openJournal: () => Promise.resolve(undefined),
  });
  const openWithWriters = (durability?: 'journaled') =>
    new DatabaseAbstraction({
      timeSeries: memoryTimeSeries(),
      cache: memoryCacheBackend(),
      writing: { storage: storage(), durability },
    });

  it('write to the store, observed, and are closed with the data layer', async () => {
    const database = openWithWriters();
    const writer = await database.batchWriter({ maxAgeMs: 60_000 });
    const write = writer.write('marketData', batch);
    await writer.flush();
    expect(await write).toMatchObject({ acceptedCount: 1, failedCount: 1, durability: 'acknowledged' });
    expect((await database.getMarketData({})).totalCount).toBe(1);
    expect(database.operationStatistics()['blocks.write']?.count).toBe(1);
    const last = writer.write('marketData', batch);
    await database.close();
    expect(await last).toMatchObject({ acceptedCount: 1 });
    await expect(writer.write('marketData', batch)).rejects.toMatchObject({ code: 'CONNECTION' });
  });

  it('are as durable as configured, unless they are asked for otherwise', async () => {
    const database = openWithWriters('journaled');
    await expect(database.batchWriter()).rejects.toMatchObject({ code: 'VALIDATION', field: 'durability' });
    await database.batchWriter({ durability: 'acknowledged' });
    await database.close();
  });

  it('write as configured, unless their own options say otherwise', async () => {
    const timeSeries = memoryTimeSeries();
    const { write } = timeSeries.blocks;
    let attempts = 0;
    const rows: number[] = [];
    let failures = Infinity;
    const away = new ConnectionError('away', { operation: 'test' });
    timeSeries.blocks.write = (block, options) => {
      attempts++;
      if (failures-- > 0) return Promise.reject(away);
      rows.push(block.rowCount);
      return write(block, options);
    };
    const retry = { maxAttempts: 2, initialDelayMs: 1, backoffMultiplier: 1 };
    const database = new DatabaseAbstraction({
      timeSeries,
      cache: memoryCacheBackend(),
      writing: { storage: storage(), retry, maxRows: 1 },
    });
    const bar = { source: 'test', records: [batch.records[0]!] };
    const writer = await database.batchWriter();
    await expect(writer.write('marketData', bar)).rejects.toBe(away);
    expect(attempts).toBe(2);
    const stubborn = await database.batchWriter({ retry: { maxAttempts: 5 }, maxRows: 2 });
    attempts = 0;
    const writes = [stubborn.write('marketData', bar), stubborn.write('marketData', bar)];
    failures = 4;
    await Promise.all(writes);
    expect(attempts).toBe(5);
    expect(rows).toEqual([2]);
    failures = 1;
    await database.transaction((tx) => tx.insertMarketData(bar));
    await database.close();
  });

  it('leave dead letters, which can be written again', async () => {
    const database = openWithWriters();
    const blocks = memoryTimeSeries().blocks;
    const collector = blocks.collect('marketData');
    collector.append(batch);
    const [block] = collector.finish();
    await database.deadLetters.add({ block: block!, reason: { code: 'QUERY', message: 'no' }, at: 1 });
    expect(await database.replayDeadLetters([block!.id])).toEqual([
      { id: block!.id, outcome: 'stored', supersededCount: 0 },
    ]);
    expect((await database.getMarketData({})).totalCount).toBe(1);
    await database.close();
  });

  it('are not to be had without storage', async () => {
    await expect(open().batchWriter()).rejects.toMatchObject({ code: 'CONNECTION', retryable: false });
  });
});
