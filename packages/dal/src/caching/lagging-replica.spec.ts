import type { ReadOptions, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { ConnectionError, TimeoutError } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { bars } from '@quantumtrade/dal-testing/records';
import { DatabaseAbstraction } from '../database-abstraction.js';

const SYMBOLS = ['A', 'B'];

let primary: TimeSeriesBackend;
/** Has got nothing of what the primary stored. It answers the reads that name no writes. */
let replica: TimeSeriesBackend;
let readsAfter: ReadOptions<boolean>[];
/** Error of reads that have to see writes. */
let failure: Error | undefined;
let mayLag: boolean;
let database: DatabaseAbstraction;

beforeEach(async () => {
  [primary, replica] = [memoryTimeSeries(), memoryTimeSeries()];
  readsAfter = [];
  failure = undefined;
  mayLag = true;
  const serverOf = (options: ReadOptions<boolean> | undefined) => {
    if (options?.readAfter === undefined) return replica.marketData;
    readsAfter.push(options);
    if (failure) throw failure;
    return primary.marketData;
  };
  const marketData: TimeSeriesBackend['marketData'] = {
    ...primary.marketData,
    latest: async (symbol, limit, options) => serverOf(options).latest(symbol, limit, options),
    latestMany: async (symbols, limit, options) => serverOf(options).latestMany(symbols, limit, options),
  };
  const probe = { ...primary.probe, mayLag: () => mayLag };
  database = new DatabaseAbstraction({
    timeSeries: { ...primary, marketData, probe },
    cache: memoryCacheBackend(),
  });
  await replica.marketData.insert(bars(SYMBOLS, () => 1));
});
afterEach(() => database.close());

const latest = async (symbol = 'A') => {
  const { data, cacheHit } = await database.getLatestMarketData(symbol, 1);
  return [Number(data[0]?.timestamp), cacheHit];
};
const latestOfAll = async () => {
  const found = await database.marketData.latestMany(SYMBOLS, 1);
  return SYMBOLS.map((symbol) => Number(found.get(symbol)?.[0]?.timestamp));
};

it('value that is loaded after a write is not older than it', async () => {
  await database.insertMarketData(bars(['A'], () => 2));
  expect(await latest()).toEqual([2, false]);
  expect(await latest()).toEqual([2, true]);
  expect(readsAfter).toHaveLength(1);
});

it('values that are loaded together see the writes of each', async () => {
  await database.insertMarketData(bars(['A'], () => 2));
  expect(await latestOfAll()).toEqual([2, 1]);
  expect(await latestOfAll()).toEqual([2, 1]);
  expect(readsAfter).toHaveLength(1);
});

it.each([
  ['no server has the write', new ConnectionError('no server', { operation: 'test' })],
  ['no server gets the write in time', new TimeoutError(1, { operation: 'test' })],
])('value that may be older is served and not cached when %s', async (_, error) => {
  await database.insertMarketData(bars(SYMBOLS, () => 2));
  failure = error;
  expect(await latest()).toEqual([1, false]);
  expect(await latestOfAll()).toEqual([1, 1]);
  failure = undefined;
  expect(await latest()).toEqual([2, false]);
  expect(await latestOfAll()).toEqual([2, 2]);
});

it('loads name no writes where no server lags', async () => {
  mayLag = false;
  await database.insertMarketData(bars(['A'], () => 2));
  expect(await latest()).toEqual([1, false]);
  expect(readsAfter).toEqual([]);
});
