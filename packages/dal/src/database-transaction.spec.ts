import { anyValue, CacheError, ConnectionError } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { bars, buildRow, storedSymbols } from '@quantumtrade/dal-testing/records';
import { Processes } from './testing/processes.js';

let memory: ReturnType<typeof memoryTimeSeries>;
let backend: ReturnType<typeof memoryCacheBackend>;
let processes: Processes;

beforeEach(() => {
  memory = memoryTimeSeries();
  backend = memoryCacheBackend();
  processes = new Processes(memory, backend);
});

afterEach(() => processes.end());

it('a transaction is visible to reads, measured and audited', async () => {
  const database = await processes.open();
  await database.insertMarketData(bars(['A'], () => 0));
  await database.getLatestMarketData('A', 1);
  await database.transaction((tx) => tx.insertMarketData(bars(['A'], () => 1)));
  await database.transaction((tx) => tx.insertMarketData(bars(['!A']))).catch(() => undefined);
  const { data, cacheHit } = await database.getLatestMarketData('A', 1);
  expect({ data, cacheHit }).toMatchObject({ data: [{ timestamp: new Date(1) }], cacheHit: false });
  expect(database.operationStatistics()['transactions.run']).toMatchObject({ count: 2, errors: 1 });
  expect(processes.entries.filter(({ operation }) => operation === 'transactions.run')).toMatchObject([
    { outcome: 'ok' },
    { outcome: 'VALIDATION' },
  ]);
  await database.close();
  await expect(database.transaction(() => undefined)).rejects.toMatchObject({ code: 'CONNECTION' });
});

it('a transaction stages its batches before writes that are called later', async () => {
  const database = await processes.open();
  const batch = (close: number) => {
    const { records, source } = bars(['A']);
    return { source, records: records.map((bar) => ({ ...bar, close })) };
  };
  const staged = batch(1);
  const transaction = database.transaction((tx) => tx.insertMarketData(staged));
  staged.records[0]!.close = 9;
  await transaction;
  expect((await database.getMarketData({})).data).toMatchObject([{ close: 1 }]);
  const earlier = database.transaction((tx) => tx.insertMarketData(batch(2)));
  await Promise.all([earlier, database.insertMarketData(batch(3))]);
  expect((await database.getMarketData({})).data).toMatchObject([{ close: 3 }]);
});

it('health reports pending transactions, which the next process applies', async () => {
  const { write } = processes;
  processes.write = () => {
    const details = { operation: 'test', retryable: false };
    return Promise.reject(new ConnectionError('the login is refused', details));
  };
  const first = await processes.open();
  expect(await first.health()).not.toHaveProperty('transactions');
  await expect(first.transaction((tx) => tx.insertMarketData(bars(['B'])))).rejects.toMatchObject({
    code: 'CONNECTION',
    committed: true,
  });
  const delayedBy = expect.stringContaining('the login is refused');
  expect(await first.health()).toMatchObject({ transactions: { pending: 1, delayedBy } });
  await first.close();

  processes.write = write;
  const second = await processes.open();
  await second.transaction((tx) => tx.insertMarketData(bars(['C'])));
  expect(await storedSymbols(memory)).toEqual(expect.arrayContaining(['B', 'C']));
  expect(await second.health()).not.toHaveProperty('transactions');
  await second.close();
});

it('later transactions are applied when the cache refuses a key', async () => {
  const { cache } = backend;
  const set = cache.set.bind(cache);
  const refusal = new CacheError('too large', { operation: 'test', retryable: false });
  cache.set = (key, ...rest) => (key === 'wrong' ? Promise.reject(refusal) : set(key, ...rest));
  const database = await processes.open();
  const first = database.transaction((tx) => {
    tx.insertMarketData(bars(['A']));
    tx.cacheSet('wrong', 1, 60);
    tx.cacheSet('right', 1, 60);
  });
  await expect(first).rejects.toMatchObject({
    code: 'CACHE',
    committed: true,
    refused: [],
    failedCacheChanges: [{ key: 'wrong', reason: expect.stringContaining('too large') }],
    message: expect.stringContaining('the cache refused wrong'),
  });
  await database.transaction((tx) => tx.insertMarketData(bars(['B'])));
  expect(await storedSymbols(memory)).toEqual(['A', 'B']);
  expect(await database.cacheGet('right')).toBe(1);
  expect(await database.health()).not.toHaveProperty('transactions');
});

it('a transaction invalidates cached records except keys it sets', async () => {
  const { cache } = backend;
  const database = await processes.open();
  const affected = ['market:A:latest', 'features:A:latest', 'features:A:x', 'prediction:p'];
  for (const key of [...affected, 'market:B:latest', 'features:A:y']) await cache.set(key, 'old', 60);
  const prediction = buildRow('predictions', { predictionId: 'p', symbol: 'A' });
  await database.transaction((tx) => {
    tx.insertMarketData(bars(['A', 'B']));
    tx.insertFeatures({ symbol: 'A', timestamp: 0, version: 1, features: { x: 1 } });
    tx.insertPredictions({ modelVersion: 'm', strategy: 's', predictions: [prediction] });
    tx.cacheSet('market:B:latest', 'mine', 60);
  });
  for (const key of affected) expect([key, await cache.exists(key)]).toEqual([key, false]);
  expect(await cache.get('market:B:latest', anyValue)).toBe('mine');
  expect(await cache.get('features:A:y', anyValue)).toBe('old');
});

it('a transaction does not wait for a cache that cannot be cleared', async () => {
  backend.cache.deleteMany = () => Promise.reject(new CacheError('away', { operation: 'test' }));
  const database = await processes.open();
  await database.transaction((tx) => tx.insertMarketData(bars(['A'])));
  expect(await storedSymbols(memory)).toEqual(['A']);
});
