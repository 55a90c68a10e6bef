import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { buildOutput, buildRow } from '@quantumtrade/dal-testing/records';
import { DatabaseAbstraction } from '../database-abstraction.js';

const bar = buildRow('marketData');

const tick = (timestamp: number) =>
  buildOutput('marketData', { symbol: 'A', timestamp: new Date(timestamp), close: '9', source: 'feed' });

it.each([
  ['older than', 1],
  ['as old as', 5],
  ['newer than', 9],
])('never mixes a stored bar with a tick that is %s it', async (_, at) => {
  const database = new DatabaseAbstraction({ timeSeries: memoryTimeSeries(), cache: memoryCacheBackend() });
  const latest = async () => (await database.getLatestMarketData('A', 1)).data.map(({ close }) => close);
  const insert = (timestamp: number, close: number) =>
    database.insertMarketData({ source: 'vendor', records: [{ ...bar, symbol: 'A', timestamp, close }] });

  await database.realtime.setLatestTick(tick(at));
  expect(await latest()).toEqual([]);
  await insert(5, 1);
  expect(await latest()).toEqual([1]);
  await database.realtime.setLatestTick(tick(at));
  expect(await latest()).toEqual([1]);
  await insert(6, 2);
  expect(await latest()).toEqual([2]);
  expect(await database.realtime.latestTick('A')).toEqual(tick(at));
  await database.close();
});

it('compares a written bar only where the cache may hold one', async () => {
  const backend = memoryCacheBackend();
  let comparisons = 0;
  const { replaceIfNewer } = backend.cache;
  backend.cache.replaceIfNewer = (...call) => {
    comparisons++;
    return replaceIfNewer.apply(backend.cache, call);
  };
  const timeSeries = memoryTimeSeries();
  const insert = (database: DatabaseAbstraction, timestamp: number) =>
    database.insertMarketData({ source: 'vendor', records: [{ ...bar, symbol: 'A', timestamp }] });
  const local = new DatabaseAbstraction({ timeSeries, cache: backend });
  await insert(local, 1);
  expect(comparisons).toBe(0);
  await local.getLatestMarketData('A', 1);
  await insert(local, 2);
  expect(comparisons).toBe(1);
  const remote = new DatabaseAbstraction({ timeSeries, cache: { ...backend, holds: undefined } });
  await remote.cacheDelete('market:A:latest');
  await insert(remote, 3);
  expect(comparisons).toBe(2);
});
