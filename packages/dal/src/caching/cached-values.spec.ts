import type { CacheBackend, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { CacheError, keyspaces } from '@quantumtrade/dal-domain';
import { ManualClock, memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { turn } from '@quantumtrade/dal-testing';
import { bars } from '@quantumtrade/dal-testing/records';
import { DatabaseAbstraction } from '../database-abstraction.js';
import { SILENT_INVALIDATIONS } from '../testing/silent-invalidations.js';
import { keyspaceOptions } from './keyspace-options.js';

interface Kind {
  readonly key: string;
  readonly boundMs: number;
  /** Writes another value than any before. */
  write(to: Pick<TimeSeriesBackend, 'marketData' | 'features' | 'predictions'>): Promise<unknown>;
  find(database: DatabaseAbstraction): Promise<unknown>;
}

let written = 0;

const features: Kind['write'] = (to) => {
  const timestamp = ++written;
  return to.features.insert([{ symbol: 'A', timestamp, version: 1, features: { rsi: timestamp } }]);
};
const bar: Kind['write'] = ({ marketData }) => marketData.insert(bars(['A'], () => ++written));
const prediction: Kind['write'] = ({ predictions }) => {
  const timestamp = ++written;
  return predictions.insert({
    modelVersion: 'm1',
    strategy: 's1',
    predictions: [
      {
        predictionId: 'p1',
        symbol: 'A',
        timestamp,
        predictionHorizon: 5,
        predictedPrice: 1.5,
        confidence: 0.5,
        marketRegime: 'calm',
        featuresUsed: ['rsi'],
        modelLatencyMs: 1,
        strategyParameters: { x: 1 },
      },
    ],
  });
};
const [latestBar, latestFeatures, predictionById] = [
  { key: 'market:A:latest', boundMs: 5_000, write: bar },
  { key: 'features:A:latest', boundMs: 30_000, write: features },
  { key: 'prediction:p1', boundMs: 60_000, write: prediction },
];

const kinds: Record<string, Kind> = {
  'the latest bar': {
    ...latestBar!,
    find: async (database) => (await database.getLatestMarketData('A', 1)).data[0],
  },
  'the latest bar, exact': {
    ...latestBar!,
    find: async (database) => (await database.getLatestMarketData('A', 1, { exact: true })).data[0],
  },
  'the latest features': { ...latestFeatures!, find: (database) => database.getLatestFeatures('A') },
  'the latest value of a feature': {
    key: 'features:A:rsi',
    boundMs: 30_000,
    write: features,
    find: (database) => database.features.latestValue('A', 'rsi'),
  },
  'a prediction': { ...predictionById!, find: (database) => database.getPrediction('p1') },
  'a prediction, exact': {
    ...predictionById!,
    find: (database) => database.getPrediction('p1', { exact: true }),
  },
};

let clock: ManualClock;
let backend: CacheBackend;
let timeSeries: ReturnType<typeof memoryTimeSeries>;

beforeEach(() => {
  clock = new ManualClock(Date.UTC(2024, 0, 2));
  backend = memoryCacheBackend({ clock });
  timeSeries = memoryTimeSeries({ clock });
});

const open = (cache = backend) => new DatabaseAbstraction({ timeSeries, cache, clock });

function isFrozen(value: unknown): boolean {
  if (value instanceof Date) return refuses(() => value.setTime(0));
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozen);
}

function refuses(change: () => unknown): boolean {
  try {
    change();
    return false;
  } catch (error) {
    return error instanceof TypeError;
  }
}

describe.each(Object.entries(kinds))('%s', (_, { key, boundMs, write, find }) => {
  it('a value is shared and frozen when loaded and when cached', async () => {
    const database = open();
    await write(timeSeries);
    const loaded = await find(database);
    const read = await find(database);
    expect([isFrozen(loaded), isFrozen(read)]).toEqual([true, true]);
    expect(await find(database)).toBe(read);
    expect(read).toEqual(loaded);
  });

  it('a value is frozen while the cache fails', async () => {
    const { cache } = backend;
    cache.getEntry = () => Promise.reject(new CacheError('gone', { operation: 'test' }));
    await write(timeSeries);
    const value = await find(open());
    expect(value).toBeDefined();
    expect(isFrozen(value)).toBe(true);
  });

  it('a value is read again after its bound without a notification', async () => {
    const database = open({ ...backend, invalidations: SILENT_INVALIDATIONS });
    await turn();
    await write(timeSeries);
    await find(database);
    const old = await find(database);
    await write(timeSeries);
    await backend.cache.delete(key);
    clock.advance(boundMs - 1);
    expect(await find(database)).toBe(old);
    clock.advance(1);
    expect(await find(database)).not.toEqual(old);
  });
});

it('gives every cached keyspace a bound', () => {
  const cached = Object.entries(keyspaces).filter(([name]) => !['rateLimit', 'marketStream'].includes(name));
  const patterns = cached.map(([, { pattern }]) => pattern);
  expect(Object.keys(keyspaceOptions).toSorted()).toEqual(patterns.toSorted());
  for (const { l1TtlMs } of Object.values(keyspaceOptions)) expect(l1TtlMs).toBeGreaterThan(0);
});
