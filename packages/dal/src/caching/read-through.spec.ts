import type { Cache, CacheBackend, FeatureBatch, MarketDataBatch } from '@quantumtrade/dal-domain';
import { CacheError, ConnectionError, keyOf, keyspaces, TimeoutError } from '@quantumtrade/dal-domain';
import { ManualClock, memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { DatabaseAbstraction } from '../database-abstraction.js';

const bar = buildRow('marketData', { close: '1.50000001', volume: 9_007_199_254_740_993n });
const batch = (
  timestamp: number,
  close: string | number = bar.close,
  writtenAt?: number,
): MarketDataBatch => ({
  source: 'vendor',
  records: [{ ...bar, symbol: 'AAPL', timestamp, close }],
  timestamp: writtenAt,
});
const features = (timestamp: number, values: Record<string, number>, version = 1): FeatureBatch => ({
  symbol: 'AAPL',
  timestamp,
  features: values,
  version,
});
const prediction = (predictionId: string, predictedPrice: number, timestamp = 0) => ({
  modelVersion: 'm1',
  strategy: 's1',
  predictions: [
    {
      predictionId,
      symbol: 'AAPL',
      timestamp,
      predictionHorizon: 5,
      predictedPrice,
      confidence: 0.5,
      marketRegime: 'calm',
      featuresUsed: ['a'],
      modelLatencyMs: 1,
      strategyParameters: { x: 1 },
    },
  ],
});

/** A cache of which every call fails, as Redis does when it is gone. */
function brokenCache(): CacheBackend {
  const fail = () => Promise.reject(new CacheError('gone', { operation: 'cache' }));
  const cache: Cache = {
    get: fail,
    getEntry: fail,
    getEntryOrSet: fail,
    getMany: fail,
    getEntries: fail,
    set: fail,
    setMany: fail,
    setIfNewer: fail,
    setIfUnchanged: fail,
    replaceIfNewer: fail,
    delete: fail,
    deleteMany: fail,
    deleteWhere: fail,
    exists: fail,
  };
  return { ...memoryCacheBackend(), cache, holds: undefined };
}

function open(cache: CacheBackend | undefined = undefined) {
  const clock = new ManualClock(Date.UTC(2024, 0, 1));
  const timeSeries = memoryTimeSeries({ clock });
  const backend = cache ?? memoryCacheBackend({ clock });
  return {
    clock,
    timeSeries,
    cache: backend.cache,
    database: new DatabaseAbstraction({ timeSeries, cache: backend, clock }),
  };
}

it('load of a missing value has the priority of its call', async () => {
  const timeSeries = memoryTimeSeries();
  const seen: unknown[] = [];
  const features: typeof timeSeries.features = {
    ...timeSeries.features,
    latest: async (_symbol, options) => {
      seen.push(options?.priority);
      return null;
    },
    latestMany: async (_symbols, options) => {
      seen.push(options?.priority);
      return new Map() as never;
    },
  };
  const database = new DatabaseAbstraction({
    timeSeries: { ...timeSeries, features },
    cache: memoryCacheBackend(),
  });
  await database.getLatestFeatures('AAPL', { priority: 'high' });
  await database.getLatestFeatures('MSFT');
  await database.features.latestMany(['IBM', 'ORCL'], { priority: 'low' });
  expect(seen).toEqual(['high', undefined, 'low']);
});

describe('the latest bar', () => {
  it('the latest bar comes from the store first, then from the cache', async () => {
    const { database } = open();
    await database.insertMarketData(batch(1));
    const first = await database.getLatestMarketData('AAPL', 1, { exact: true });
    const second = await database.getLatestMarketData('AAPL', 1, { exact: true });
    expect([first.cacheHit, second.cacheHit]).toEqual([false, true]);
    expect(second.data).toEqual(first.data);
    expect(second.data[0]).toMatchObject({ close: '1.50000001', volume: '9007199254740993' });
    expect(second.totalCount).toBe(1);
  });

  it('a cached bar is refused to readers whose numbers cannot hold it', async () => {
    const { database } = open();
    await database.insertMarketData(batch(1));
    await database.getLatestMarketData('AAPL', 1, { exact: true });
    await expect(database.getLatestMarketData('AAPL', 1)).rejects.toMatchObject({ code: 'QUERY' });
  });

  it('a newer bar that is written replaces the cached one', async () => {
    const { database } = open();
    await database.insertMarketData(batch(1));
    await database.getLatestMarketData('AAPL', 1, { exact: true });
    await database.insertMarketData(batch(2, '7'));
    const latest = await database.getLatestMarketData('AAPL', 1, { exact: true });
    expect(latest.cacheHit).toBe(true);
    expect(latest.data[0]!.close).toBe('7');
  });

  it('a cached bar is corrected, but not by an older batch', async () => {
    const { database } = open();
    await database.insertMarketData(batch(1, '5', 10));
    const close = async () => (await database.getLatestMarketData('AAPL', 1, { exact: true })).data[0]!.close;
    expect(await close()).toBe('5');
    await database.insertMarketData(batch(1, '6', 20));
    expect(await close()).toBe('6');
    await database.insertMarketData(batch(1, '5', 10));
    expect(await close()).toBe('6');
  });

  it('the latest bar expires from the cache after 30 seconds', async () => {
    const { database, clock } = open();
    await database.insertMarketData(batch(1));
    await database.getLatestMarketData('AAPL', 1, { exact: true });
    clock.advance(30_000);
    expect((await database.getLatestMarketData('AAPL', 1, { exact: true })).cacheHit).toBe(false);
  });

  it('the latest bar is read from the store when the cache fails', async () => {
    const broken = open(brokenCache());
    await broken.database.insertMarketData(batch(1));
    expect((await broken.database.getLatestMarketData('AAPL', 1, { exact: true })).data).toHaveLength(1);

    const { database, cache } = open();
    await database.insertMarketData(batch(1));
    await cache.set(keyOf(keyspaces.latestMarketData.pattern, { symbol: 'AAPL' }), { close: 'x' }, 30);
    const { data, cacheHit } = await database.getLatestMarketData('AAPL', 1, { exact: true });
    expect(cacheHit).toBe(false);
    expect(data[0]!.close).toBe('1.50000001');
  });

  it('a read rejects when its signal is aborted', async () => {
    const { database } = open();
    const reason = new Error('not needed any more');
    await expect(database.getLatestMarketData('AAPL', 1, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });
});

describe('features', () => {
  it('a newer feature set that is written replaces the cached one', async () => {
    const { database } = open();
    await database.insertFeatures(features(1, { rsi: 40 }));
    expect((await database.getLatestFeatures('AAPL'))!.features).toEqual({ rsi: 40 });
    expect(await database.features.latestValue('AAPL', 'rsi')).toBe(40);
    await database.insertFeatures(features(2, { rsi: 50 }));
    expect((await database.getLatestFeatures('AAPL'))!.features).toEqual({ rsi: 50 });
    expect(await database.features.latestValue('AAPL', 'rsi')).toBe(50);
  });

  it('feature batches of one instant add up in the cache', async () => {
    const { database } = open();
    await database.insertFeatures(features(1, { rsi: 40 }));
    await database.getLatestFeatures('AAPL');
    await database.insertFeatures(features(1, { sma: 3 }));
    expect((await database.getLatestFeatures('AAPL'))!.features).toEqual({ rsi: 40, sma: 3 });
    await database.insertFeatures([features(2, { rsi: 41 }), features(2, { sma: 4 })]);
    expect((await database.getLatestFeatures('AAPL'))!.features).toEqual({ rsi: 41, sma: 4 });
  });

  it('refused features never reach the cache', async () => {
    const { database } = open();
    await database.insertFeatures(features(1, { rsi: 40 }));
    await database.getLatestFeatures('AAPL');
    const result = await database.insertFeatures(features(2, { rsi: 41, sma: Number.NaN }));
    expect(result).toMatchObject({ insertedCount: 1, failedCount: 1 });
    expect((await database.getLatestFeatures('AAPL'))!.features).toEqual({ rsi: 41 });
  });
});

describe('predictions', () => {
  it('predictions are cached when read and corrected when written', async () => {
    const { database, cache } = open();
    await database.insertPredictions(prediction('p1', 10));
    await database.getPrediction('p1');
    expect(await cache.exists('prediction:p1')).toBe(true);
    expect((await database.getPrediction('p1'))!.predictedPrice).toBe(10);
    await database.insertPredictions(prediction('p1', 11));
    expect((await database.getPrediction('p1'))!.predictedPrice).toBe(11);
    expect(await database.getPrediction('p2')).toBeNull();
  });
});

describe('a write', () => {
  it('a write that fails after storing rows leaves nothing stale cached', async () => {
    const { timeSeries, cache, clock } = open();
    const { insert } = timeSeries.marketData;
    let failing = false;
    const marketData = {
      ...timeSeries.marketData,
      insert: async (...args: Parameters<typeof insert>) => {
        const result = await insert(...args);
        if (failing) throw new ConnectionError('the answer was lost', { operation: 'marketData.insert' });
        return result;
      },
    };
    const backend = { ...memoryCacheBackend(), cache, holds: undefined };
    const database = new DatabaseAbstraction({
      timeSeries: { ...timeSeries, marketData },
      cache: backend,
      clock,
    });
    await database.insertMarketData(batch(1, '5'));
    await database.getLatestMarketData('AAPL', 1, { exact: true });
    failing = true;
    await expect(database.insertMarketData(batch(1, '6'))).rejects.toMatchObject({ code: 'CONNECTION' });
    expect((await database.getLatestMarketData('AAPL', 1, { exact: true })).data[0]!.close).toBe('6');
  });

  it.each<[string, (database: DatabaseAbstraction) => Promise<unknown>]>([
    ['of a repository', (database) => database.insertPredictions(prediction('p1', 11))],
    [
      'of a transaction',
      (database) => database.transaction((tx) => tx.insertPredictions(prediction('p1', 11))),
    ],
  ])('a write %s during a load keeps the loaded value out', async (_, correct) => {
    const { timeSeries, cache, clock } = open();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { findById } = timeSeries.predictions;
    const predictions = {
      ...timeSeries.predictions,
      findById: (async (...args: Parameters<typeof findById>) => {
        const found = await findById(...args);
        await held;
        return found;
      }) as typeof findById,
    };
    const backend = { ...memoryCacheBackend(), cache, holds: undefined };
    const database = new DatabaseAbstraction({
      timeSeries: { ...timeSeries, predictions },
      cache: backend,
      clock,
    });
    await database.insertPredictions(prediction('p1', 10));
    const old = database.getPrediction('p1');
    await new Promise(setImmediate);
    await correct(database);
    release();
    expect((await old)!.predictedPrice).toBe(10);
    expect((await database.getPrediction('p1'))!.predictedPrice).toBe(11);
  });

  it('reads and writes end within their budgets when the cache hangs', async () => {
    const hang = (_: unknown, ...args: unknown[]) =>
      new Promise<never>((_, reject) => {
        const { deadline } = args.at(-1) as { deadline: number };
        setTimeout(() => reject(new TimeoutError(0, { operation: 'cache' })), deadline - Date.now());
      });
    const cache = {
      get: hang,
      getEntry: hang,
      set: hang,
      setIfNewer: hang,
      setIfUnchanged: hang,
      replaceIfNewer: hang,
      delete: hang,
      deleteMany: hang,
      exists: hang,
    };
    const { database } = open({
      ...memoryCacheBackend(),
      cache: cache as unknown as Cache,
      holds: undefined,
    });
    await database.insertMarketData(batch(1));
    const options = { exact: true, deadline: Date.now() + 5_000 } as const;
    expect((await database.getLatestMarketData('AAPL', 1, options)).data).toHaveLength(1);
  });
});
