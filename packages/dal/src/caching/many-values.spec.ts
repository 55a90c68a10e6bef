import type { FeatureBatch, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { DatabaseAbstraction } from '../database-abstraction.js';

const SYMBOLS = ['b', 'A', 'c'];
type Many = (database: DatabaseAbstraction, keys: readonly string[]) => Promise<Map<string, unknown>>;
type One = (database: DatabaseAbstraction, key: string) => Promise<unknown>;

const featuresOf = (symbol: string, rsi = 1): FeatureBatch => ({
  symbol,
  timestamp: rsi,
  version: 1,
  features: { rsi },
});

/** Opens a data layer whose store has a value of each symbol, and records the store's lookups. */
async function open() {
  const timeSeries = memoryTimeSeries();
  const cache = memoryCacheBackend();
  await timeSeries.features.insert(SYMBOLS.map((symbol) => featuresOf(symbol)));
  const records = SYMBOLS.map((symbol, n) => buildRow('marketData', { symbol, timestamp: n }));
  await timeSeries.marketData.insert({ source: 'vendor', records });
  const predictions = SYMBOLS.map((symbol) => buildRow('predictions', { symbol, predictionId: symbol }));
  await timeSeries.predictions.insert({ modelVersion: 'm', strategy: 's', predictions });
  const lookups: unknown[] = [];
  const store = recordLookups(timeSeries, lookups);
  return { database: new DatabaseAbstraction({ timeSeries: store, cache }), store, cache, lookups };
}

function recordLookups(timeSeries: TimeSeriesBackend, lookups: unknown[]): TimeSeriesBackend {
  const recorded = <P extends object>(port: P): P =>
    new Proxy(port, {
      get: (target, name) => {
        const method = target[name as keyof P];
        if (!['latest', 'latestMany', 'findById', 'findByIds'].includes(String(name))) return method;
        return (...args: unknown[]) => {
          lookups.push(args[0]);
          return (method as (...args: unknown[]) => unknown)(...args);
        };
      },
    });
  const { features, marketData, predictions } = timeSeries;
  return {
    ...timeSeries,
    features: recorded(features),
    marketData: recorded(marketData),
    predictions: recorded(predictions),
  };
}

const cases: [string, Many, One][] = [
  [
    'features.latestMany',
    (database, symbols) => database.features.latestMany(symbols),
    (database, symbol) => database.features.latest(symbol),
  ],
  [
    'marketData.latestMany',
    (database, symbols) => database.marketData.latestMany(symbols, 1),
    async (database, symbol) => (await database.marketData.latest(symbol, 1)).data,
  ],
  [
    'predictions.findByIds',
    (database, ids) => database.predictions.findByIds(ids),
    (database, id) => database.predictions.findById(id),
  ],
];

describe.each(cases)('%s', (_, many, one) => {
  it('reads missing values by one call of the store', async () => {
    const { database, lookups } = await open();
    await one(database, 'A');
    lookups.length = 0;
    const found = await many(database, ['c', 'none', 'A', 'b', 'c']);
    expect([...found.keys()]).toEqual(['c', 'A', 'b']);
    expect(lookups).toEqual([['c', 'none', 'b']]);
    for (const key of SYMBOLS) expect(await one(database, key)).toEqual(found.get(key));
    expect(await many(database, SYMBOLS)).toEqual(found);
    expect(lookups).toHaveLength(1);
  });

  it('shares what other processes have cached', async () => {
    const { database, store, cache, lookups } = await open();
    const found = await many(database, SYMBOLS);
    const other = new DatabaseAbstraction({ timeSeries: store, cache });
    lookups.length = 0;
    expect(await many(other, SYMBOLS)).toEqual(found);
    expect(lookups).toEqual([]);
  });

  it('reads the store while the cache fails', async () => {
    const { store, cache, lookups } = await open();
    const fail = () => Promise.reject(Object.assign(new Error('down'), { code: 'CACHE' }));
    const broken = new Proxy(cache.cache, { get: () => fail });
    const database = new DatabaseAbstraction({ timeSeries: store, cache: { ...cache, cache: broken } });
    expect([...(await many(database, SYMBOLS)).keys()]).toEqual(SYMBOLS);
    expect(lookups.flat().sort()).toEqual([...SYMBOLS].sort());
  });

  it('refuses wrong keys and ends with the reason of its signal', async () => {
    const { database, lookups } = await open();
    await expect(many(database, ['A', 7 as never])).rejects.toMatchObject({ code: 'VALIDATION' });
    await expect(many(database, 'A' as never)).rejects.toMatchObject({ code: 'VALIDATION' });
    expect(await many(database, [])).toEqual(new Map());
    expect(lookups).toEqual([]);
  });
});

it('latestMany returns what was written meanwhile, also by another process', async () => {
  const { database, store, cache } = await open();
  const other = new DatabaseAbstraction({ timeSeries: store, cache });
  expect((await database.features.latestMany(SYMBOLS)).get('A')!.features).toEqual({ rsi: 1 });
  await other.insertFeatures(featuresOf('A', 2));
  expect((await database.features.latestMany(SYMBOLS)).get('A')!.features).toEqual({ rsi: 2 });
});

it('latestMany of several bars reads the store', async () => {
  const { database, lookups } = await open();
  await database.marketData.latestMany(['A', 'b'], 2);
  await database.marketData.latestMany(['A', 'b'], 2);
  expect(lookups).toEqual([
    ['A', 'b'],
    ['A', 'b'],
  ]);
});

it('findByIds returns exact values when exact is set', async () => {
  const { database } = await open();
  const exact = await database.predictions.findByIds(['A'], { exact: true });
  expect(exact.get('A')).toEqual(await database.predictions.findById('A', { exact: true }));
  expect(typeof exact.get('A')!.predictedPrice).toBe('string');
  expect(Object.isFrozen(exact.get('A'))).toBe(true);
});
