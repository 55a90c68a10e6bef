import { anyValue } from '@quantumtrade/dal-domain';
import type { Cache } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { DatabaseAbstraction } from '../database-abstraction.js';

const timed = { timestamp: '2024-01-02T12:00:00.000Z' };

/** Every call that takes a key. */
const calls: Readonly<Record<string, (cache: Cache, key: string) => Promise<unknown>>> = {
  get: (cache, key) => cache.get(key, anyValue),
  getEntry: (cache, key) => cache.getEntry(key, anyValue),
  getEntryOrSet: (cache, key) => cache.getEntryOrSet(key, anyValue, 1, 60),
  getMany: (cache, key) => cache.getMany(['other', key], anyValue),
  getEntries: (cache, key) => cache.getEntries(['other', key], anyValue),
  set: (cache, key) => cache.set(key, 1, 60),
  setMany: (cache, key) =>
    cache.setMany([
      { key: 'other', value: 1, ttlSeconds: 60 },
      { key, value: 1, ttlSeconds: 60 },
    ]),
  setIfNewer: (cache, key) => cache.setIfNewer(key, timed, 60),
  replaceIfNewer: (cache, key) => cache.replaceIfNewer(key, timed, 60),
  setIfUnchanged: (cache, key) => cache.setIfUnchanged(key, undefined, 1, 60),
  delete: (cache, key) => cache.delete(key),
  deleteMany: (cache, key) => cache.deleteMany(['other', key]),
  exists: (cache, key) => cache.exists(key),
};

let database: DatabaseAbstraction;
beforeEach(async () => {
  database = new DatabaseAbstraction({ timeSeries: memoryTimeSeries(), cache: memoryCacheBackend() });
  await database.sessions.save({ userId: 'ann', startedAt: new Date(0), attributes: {} });
  await database.authContexts.save('token', { userId: 'ann', roles: [], permissions: [] });
});
afterEach(() => database.close());

const reserved = (owner: string) => ({
  code: 'VALIDATION',
  field: 'key',
  message: expect.stringContaining(`is reserved for ${owner}`) as string,
});

it('tests every method of the cache port', () => {
  expect(Object.keys({ ...calls, deleteWhere: 0 }).toSorted()).toEqual(
    Object.keys(database.cache).toSorted(),
  );
});

it.each(Object.keys(calls))('%s refuses keys of sessions and auth contexts in any spelling', async (name) => {
  const call = calls[name]!;
  for (const key of [
    'session:ann',
    'Session:ann',
    '%73ession:ann',
    'session%3Aann',
    'SESSION:',
    '%53%45ssion:',
  ]) {
    await expect(call(database.cache, key)).rejects.toMatchObject(reserved('sessions'));
  }
  for (const key of ['auth:0', 'AUTH:0', 'a%75th%3a0']) {
    await expect(call(database.cache, key)).rejects.toMatchObject(reserved('authContexts'));
  }
  expect(await database.sessions.find('ann')).not.toBeNull();
  for (const key of ['sessions:ann', 'authors:x', 'x:session:ann', 'session', ''])
    await call(database.cache, key);
});

it.each<[string, object]>([
  ['session:{userId}', { userId: 'ann' }],
  ['session:{userId}', {}],
  ['auth:{tokenHash}', {}],
  ['{kind}:{id}', {}],
  ['{kind}:{id}', { kind: 'session' }],
  ['s{kind}:{id}', {}],
  ['Auth:{id}', {}],
])('deleteWhere refuses the pattern %s with %j', async (pattern, parts) => {
  await expect(database.cache.deleteWhere(pattern, parts)).rejects.toMatchObject({
    code: 'VALIDATION',
    field: 'pattern',
  });
  expect(await database.sessions.find('ann')).not.toBeNull();
});

it('deleteWhere accepts patterns that reserved keys cannot match', async () => {
  await database.cacheSet('features:AAPL:rsi', 1, 60);
  expect(await database.cache.deleteWhere('features:{symbol}:{name}', {})).toBe(1);
  expect(await database.cache.deleteWhere('{kind}:{id}', { kind: 'features' })).toBe(0);
});

it('facade methods and transactions refuse reserved keys', async () => {
  const key = 'session:ann';
  await expect(database.cacheSet(key, 1, 60)).rejects.toMatchObject(reserved('sessions'));
  await expect(database.cacheGet(key)).rejects.toMatchObject(reserved('sessions'));
  await expect(database.cacheDelete(key)).rejects.toMatchObject(reserved('sessions'));
  await expect(database.cacheExists(key)).rejects.toMatchObject(reserved('sessions'));
  await expect(database.transaction((tx) => tx.cacheSet(key, 1, 60))).rejects.toMatchObject(
    reserved('sessions'),
  );
  await expect(database.transaction((tx) => tx.cacheDelete('auth:0'))).rejects.toMatchObject(
    reserved('authContexts'),
  );
});
