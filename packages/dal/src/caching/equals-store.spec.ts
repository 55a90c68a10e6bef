import { setImmediate } from 'node:timers/promises';
import { ManualClock, memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import fc from 'fast-check';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { DatabaseAbstraction } from '../database-abstraction.js';

const bar = buildRow('marketData', { volume: 9_007_199_254_740_993n });
const exact = { exact: true } as const;
const SYMBOLS = ['A', 'B'];
const FEATURES = ['rsi', 'sma', 'latest'];

const step = fc.record({
  kind: fc.constantFrom('bars', 'features', 'noFeatures', 'prediction', 'transaction', 'migration'),
  at: fc.integer({ min: 1, max: 4 }),
  /** When the batch was made: an older one loses to what is stored. */
  writtenAt: fc.integer({ min: 1, max: 3 }),
  symbol: fc.constantFrom(...SYMBOLS),
  source: fc.constantFrom('x', 'y'),
  value: fc.integer({ min: 0, max: 9 }),
  feature: fc.constantFrom(...FEATURES),
  version: fc.integer({ min: 1, max: 2 }),
  /** Whether one of the rows is refused. */
  bad: fc.boolean(),
  /** Whether the caller changes what he gave as soon as the call has returned its promise. */
  changes: fc.boolean(),
  /** Whether everything is being read while it happens. */
  reads: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function open() {
  const clock = new ManualClock(Date.UTC(2024, 0, 1));
  const store = memoryTimeSeries({ clock });
  return {
    clock,
    store,
    database: new DatabaseAbstraction({ timeSeries: store, cache: memoryCacheBackend({ clock }), clock }),
  };
}

type Opened = ReturnType<typeof open>;
type Source = Pick<Opened['store'], 'marketData' | 'features' | 'predictions'>;

const readAll = ({ marketData, features, predictions }: Source) =>
  Promise.all(
    SYMBOLS.flatMap((symbol): Promise<unknown>[] => [
      marketData.latest(symbol, 1, exact).then(({ data }) => data),
      features.latest(symbol),
      predictions.findById(symbol, exact),
      ...FEATURES.map((name) => features.latestValue(symbol, name)),
    ]),
  );

/** Does what a step says. What it changes after the call is to change nothing. */
async function take(database: DatabaseAbstraction, given: Step): Promise<unknown> {
  const { kind, at, writtenAt, symbol, source, value, feature, version, bad, changes } = given;
  const row = { ...bar, symbol, timestamp: new Date(at), close: value };
  const others = bad ? [{ ...row, close: 'x' }] : [];
  const bars = { source, timestamp: writtenAt, records: [row, ...others] };
  const features: Record<string, number> = { [feature]: value, ...(bad && { other: Number.NaN }) };
  const set = {
    symbol,
    timestamp: at,
    version,
    computedAt: writtenAt,
    features,
    metadata: { of: `${value}` },
  };
  const prediction = {
    predictionId: symbol,
    symbol,
    timestamp: at,
    predictionHorizon: 5,
    predictedPrice: value,
    confidence: 0.5,
    marketRegime: 'calm',
    featuresUsed: ['a'],
    modelLatencyMs: 1,
    strategyParameters: { x: 1 },
  };
  const predictions = { modelVersion: 'm', strategy: 's', timestamp: writtenAt, predictions: [prediction] };
  const calls: Readonly<Record<Step['kind'], () => Promise<unknown>>> = {
    bars: () => database.insertMarketData(bars),
    features: () => database.insertFeatures(set),
    noFeatures: () => database.insertFeatures([{ ...set, features: {} }]),
    prediction: () => database.insertPredictions(predictions),
    transaction: () =>
      database.transaction((tx) => {
        tx.insertMarketData({ ...bars, records: [row] });
        tx.insertFeatures({ ...set, features: { [feature]: value } });
      }),
    migration: async () => {
      await database.migrateSchema(0);
      await database.initializeSchema();
    },
  };
  const done = calls[kind]();
  if (changes) {
    row.symbol = 'C';
    row.close = 77;
    row.timestamp.setTime(99);
    features[feature] = 77;
    set.metadata.of = 'changed';
    prediction.predictedPrice = 77;
  }
  return done;
}

it('a cached read equals a read of the store after any writes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const { database, store, clock } = open();
      await database.initializeSchema();
      for (const given of steps) {
        const done = take(database, given);
        const reading = given.reads && given.kind !== 'migration' ? readAll(database) : undefined;
        await Promise.all([done, reading]);
        expect(await readAll(database)).toEqual(await readAll(store));
        clock.advance(given.value * 1_000);
      }
      await database.close();
    }),
    { numRuns: 150 },
  );
});

describe('a migration', () => {
  const given: Step = {
    kind: 'prediction',
    at: 1,
    writtenAt: 1,
    symbol: 'A',
    source: 'x',
    value: 5,
    feature: 'rsi',
    version: 1,
    bad: false,
    changes: false,
    reads: false,
  };

  it('a migration keeps earlier loads out of the cache', async () => {
    const clock = new ManualClock(1_000);
    const store = memoryTimeSeries({ clock });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const findById = (async (...call: Parameters<typeof store.predictions.findById>) => {
      const found = await store.predictions.findById(...call);
      await held;
      return found;
    }) as typeof store.predictions.findById;
    const database = new DatabaseAbstraction({
      timeSeries: { ...store, predictions: { ...store.predictions, findById } },
      cache: memoryCacheBackend({ clock }),
      clock,
    });
    await database.initializeSchema();
    await take(database, given);
    const loading = database.getPrediction('A');
    await setImmediate();
    await database.migrateSchema(0);
    await database.initializeSchema();
    release();
    expect((await loading)?.predictedPrice).toBe(5);
    expect(await database.getPrediction('A')).toBeNull();
    await database.close();
  });

  it('a migration clears the caches of other processes', async () => {
    const clock = new ManualClock(1_000);
    const store = memoryTimeSeries({ clock });
    const cache = memoryCacheBackend({ clock });
    const [one, other] = [0, 1].map(() => new DatabaseAbstraction({ timeSeries: store, cache, clock })) as [
      DatabaseAbstraction,
      DatabaseAbstraction,
    ];
    await one.initializeSchema();
    await take(one, given);
    await other.realtime.setMarketRegime({
      symbol: 'A',
      regime: 'calm',
      confidence: 1,
      timestamp: new Date(0),
    });
    expect((await other.getPrediction('A'))?.predictedPrice).toBe(5);
    expect((await other.getPrediction('A'))?.predictedPrice).toBe(5);
    await one.migrateSchema(0);
    await one.initializeSchema();
    expect(await other.getPrediction('A')).toBeNull();
    expect(await other.realtime.marketRegime('A')).not.toBeNull();
    await one.close();
  });

  it('a migration that changes nothing leaves the cache as it is', async () => {
    const { database, store } = open();
    await database.initializeSchema();
    await take(database, given);
    await database.getPrediction('A');
    await database.initializeSchema();
    store.predictions.findById = () => Promise.reject(new Error('is not asked'));
    expect((await database.getPrediction('A'))?.predictedPrice).toBe(5);
    await database.close();
  });

  it('initialize creates the schema of an empty store without a cache', async () => {
    const store = memoryTimeSeries();
    const backend = memoryCacheBackend();
    backend.cache.deleteWhere = () => Promise.reject(new Error('away'));
    const database = new DatabaseAbstraction({ timeSeries: store, cache: backend });
    await database.migrateSchema(0).catch(() => undefined);
    await database.initializeSchema();
    expect(await database.schema.version()).toBeGreaterThan(0);
    await database.close();
  });

  it('migrate rejects when the cache cannot be cleared, and clears on retry', async () => {
    const clock = new ManualClock(1_000);
    const store = memoryTimeSeries({ clock });
    const backend = memoryCacheBackend({ clock });
    const { deleteWhere } = backend.cache;
    const database = new DatabaseAbstraction({ timeSeries: store, cache: backend, clock });
    await database.initializeSchema();
    await take(database, given);
    await database.getPrediction('A');
    const away = new Error('away');
    backend.cache.deleteWhere = () => Promise.reject(away);
    await expect(database.migrateSchema(0)).rejects.toBe(away);
    backend.cache.deleteWhere = deleteWhere;
    await database.initializeSchema();
    expect(await database.getPrediction('A')).toBeNull();
    await database.close();
  });
});
