import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { bars } from '@quantumtrade/dal-testing/records';
import { DatabaseAbstraction } from '../database-abstraction.js';

const timeSeries = memoryTimeSeries();
const database = new DatabaseAbstraction({ timeSeries, cache: memoryCacheBackend() });
/** Another process, whose writes do not reach the cache of the first. */
const other = new DatabaseAbstraction({ timeSeries, cache: memoryCacheBackend() });

afterAll(() => Promise.all([database.close(), other.close()]));

const bar = (timestamp: number) => bars(['A'], () => timestamp);
const seenBy = async (options?: object) => [
  Number((await database.getLatestMarketData('A', 1, options)).data[0]?.timestamp),
  Number((await database.marketData.latestMany(['A'], 1, options)).get('A')?.[0]?.timestamp),
];

it('read with a token is not answered with an older cached bar', async () => {
  const { writeToken } = await database.insertMarketData(bar(1));
  expect(await seenBy()).toEqual([1, 1]);
  const { writeToken: readAfter } = await other.insertMarketData(bar(2));
  expect(await seenBy()).toEqual([1, 1]);
  expect(await seenBy({ readAfter })).toEqual([2, 2]);
  expect(await seenBy({ readAfter: [writeToken!, readAfter!] })).toEqual([2, 2]);
  expect(await database.getLatestMarketData('A', 1, { readAfter: readAfter! })).toMatchObject({
    cacheHit: false,
  });
});

it('read with a token is not answered with an older cached set', async () => {
  const set = (a: number) => ({ symbol: 'A', timestamp: 0, version: 1, features: { a } });
  await database.insertFeatures(set(1));
  expect((await database.getLatestFeatures('A'))?.features).toEqual({ a: 1 });
  expect(await database.features.latestValue('A', 'a')).toBe(1);
  const { writeToken } = await other.insertFeatures(set(2));
  const options = { readAfter: writeToken! };
  expect((await database.getLatestFeatures('A'))?.features).toEqual({ a: 1 });
  expect((await database.getLatestFeatures('A', options))?.features).toEqual({ a: 2 });
  expect(await database.features.latestValue('A', 'a', options)).toBe(2);
  expect((await database.features.latestMany(['A'], options)).get('A')?.features).toEqual({ a: 2 });
});

it('wrong token is refused although the value is cached', async () => {
  await expect(database.getLatestMarketData('A', 1, { readAfter: 'no token' })).rejects.toMatchObject({
    code: 'VALIDATION',
    field: 'readAfter',
  });
});

it('transaction has the token of its rows', async () => {
  const { writeToken } = await other.transaction((tx) => tx.insertMarketData(bar(3)));
  expect(await seenBy({ readAfter: writeToken })).toEqual([3, 3]);
  expect((await other.transaction(() => undefined)).writeToken).toBeNull();
});
