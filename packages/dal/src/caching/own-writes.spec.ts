import type { Cache, CacheBackend, MarketDataBatch } from '@quantumtrade/dal-domain';
import { CacheError, keyspaces } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { turn } from '@quantumtrade/dal-testing';
import { bars } from '@quantumtrade/dal-testing/records';
import { DatabaseAbstraction } from '../database-abstraction.js';
import { SILENT_INVALIDATIONS } from '../testing/silent-invalidations.js';

const KEY = 'market:A:latest';
const at = (timestamp: number): MarketDataBatch => bars(['A'], () => timestamp);
const latest = async (database: DatabaseAbstraction) =>
  Number((await database.getLatestMarketData('A', 1)).data[0]?.timestamp);

let backend: CacheBackend;
let cache: Cache;
let timeSeries: ReturnType<typeof memoryTimeSeries>;
let database: DatabaseAbstraction;

beforeEach(async () => {
  backend = memoryCacheBackend();
  ({ cache } = backend);
  timeSeries = memoryTimeSeries();
  database = new DatabaseAbstraction({ timeSeries, cache: backend });
  await database.insertMarketData(at(5));
  await latest(database);
});

afterEach(() => database.close());

it('serves a loaded value from this process at once', async () => {
  let reads = 0;
  const { getEntry } = cache;
  cache.getEntry = (...call) => {
    reads++;
    return getEntry.apply(cache, call) as never;
  };
  expect(await latest(database)).toBe(5);
  expect(reads).toBe(0);
  expect(await database.getPerformanceMetrics()).toMatchObject({ cacheL1Hits: 1, cacheL2Hits: 0 });
});

it('an own write is visible before the connection announces it', async () => {
  const unnotifiedBackend = { ...backend, invalidations: SILENT_INVALIDATIONS };
  const unnotified = new DatabaseAbstraction({ timeSeries, cache: unnotifiedBackend });
  await turn();
  for (let reads = 0; reads < 3; reads++) expect(await latest(unnotified)).toBe(5);
  await unnotified.insertMarketData(at(6));
  expect(await latest(unnotified)).toBe(6);
  await latest(unnotified);
  await unnotified.transaction((tx) => tx.insertMarketData(at(7)));
  expect(await latest(unnotified)).toBe(7);
  await latest(unnotified);
  await timeSeries.marketData.insert(at(8));
  await unnotified.cacheDelete(KEY);
  expect(await latest(unnotified)).toBe(8);
  await latest(unnotified);
  await timeSeries.marketData.insert(at(9));
  expect(await unnotified.cache.deleteWhere(keyspaces.latestMarketData.pattern, {})).toBe(1);
  expect(await latest(unnotified)).toBe(9);
});

it('an older bar stored during a load does not replace the latest', async () => {
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  const { latest: load } = timeSeries.marketData;
  timeSeries.marketData.latest = (async (...call: Parameters<typeof load>) => {
    await held;
    return load(...call);
  }) as typeof load;
  const other = new DatabaseAbstraction({ timeSeries, cache: backend });
  await other.cacheDelete(KEY);
  const loading = latest(other);
  await turn();
  await other.insertMarketData(at(3));
  answer();
  expect(await loading).toBe(5);
  expect(await latest(other)).toBe(5);
});

it('a read after a write joins no load without a lease', async () => {
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  const { latest: load } = timeSeries.marketData;
  timeSeries.marketData.latest = (async (...call: Parameters<typeof load>) => {
    const found = await load(...call);
    await held;
    return found;
  }) as typeof load;
  const other = new DatabaseAbstraction({ timeSeries, cache: backend });
  await other.cacheDelete(KEY);
  cache.getEntryOrSet = () => Promise.reject(new CacheError('gone', { operation: 'test' }));
  const loading = latest(other);
  await turn();
  expect(backend.holds!(KEY)).toBe(false);
  await other.insertMarketData(at(6));
  const reading = latest(other);
  await turn();
  answer();
  expect(await loading).toBe(5);
  expect(await reading).toBe(6);
});

it('never reads older than a write whose removal failed', async () => {
  const { deleteMany, delete: remove, replaceIfNewer } = cache;
  const fail = () => Promise.reject(new CacheError('read-only', { operation: 'test' }));
  Object.assign(cache, { deleteMany: fail, delete: fail, replaceIfNewer: fail });
  await database.insertMarketData(at(6));
  expect(await latest(database)).toBe(6);
  expect(await latest(database)).toBe(6);
  Object.assign(cache, { deleteMany, delete: remove, replaceIfNewer });
  expect(await cache.exists(KEY)).toBe(true);
  await database.insertMarketData(bars(['B'], () => 1));
  expect(await cache.exists(KEY)).toBe(false);
  expect(await latest(database)).toBe(6);
  expect((await database.getLatestMarketData('A', 1)).cacheHit).toBe(true);
});

it('drops a read that began when a removal failed', async () => {
  const { deleteMany, delete: remove, replaceIfNewer } = cache;
  const fail = () => Promise.reject(new CacheError('read-only', { operation: 'test' }));
  for (let steps = 0; steps < 20; steps++) {
    const last = await latest(database);
    let reading: Promise<number> | undefined;
    const failAndRead = async () => {
      void (async () => {
        for (let step = 0; step < steps; step++) await undefined;
        reading ??= latest(database);
      })();
      return fail();
    };
    Object.assign(cache, { deleteMany: failAndRead, delete: fail, replaceIfNewer: fail });
    await database.insertMarketData(at(last + 1));
    await reading;
    expect([steps, await latest(database)]).toEqual([steps, last + 1]);
    Object.assign(cache, { deleteMany, delete: remove, replaceIfNewer });
    await database.insertMarketData(bars(['B'], () => steps));
  }
});

it('rejects with the reason of an aborted signal on a hit', async () => {
  await latest(database);
  const reason = new Error('not needed any more');
  await expect(database.getLatestMarketData('A', 1, { signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
});

it('refuses wrong keys by name and keeps cached values', async () => {
  await latest(database);
  const none = undefined as never;
  const refused = (field: string) => ({ code: 'VALIDATION', field });
  await expect(database.cacheSet(none, 1, 60)).rejects.toMatchObject(refused('key'));
  await expect(database.cacheDelete(none)).rejects.toMatchObject(refused('key'));
  await expect(database.cache.setMany(none)).rejects.toMatchObject(refused('entries'));
  await expect(database.cache.deleteMany(none)).rejects.toMatchObject(refused('keys'));
  await expect(database.cache.deleteWhere(none, {})).rejects.toMatchObject(refused('pattern'));
  const before = await database.getPerformanceMetrics();
  await latest(database);
  expect((await database.getPerformanceMetrics()).cacheL1Hits).toBe(before.cacheL1Hits + 1);
});
