import type { MissingShardsOption } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { bars } from '@quantumtrade/dal-testing/records';
import { DatabaseAbstraction } from '../database-abstraction.js';

const missing = [{ shard: 2, values: ['A'], reason: 'lost' }];
const ALLOWED = { missingShards: 'allowed' } as const;

it('entries that lack shards are neither cached nor from the cache', async () => {
  const store = memoryTimeSeries();
  const partial = (options?: MissingShardsOption) => options?.missingShards === 'allowed';
  const answer = async () => ({ data: new Map(), missing }) as never;
  const { marketData, features } = store;
  const timeSeries: typeof store = {
    ...store,
    marketData: {
      ...marketData,
      latestMany: (symbols, limit, options) =>
        partial(options) ? answer() : marketData.latestMany(symbols, limit, options),
    },
    features: {
      ...features,
      latestMany: (symbols, options) => (partial(options) ? answer() : features.latestMany(symbols, options)),
    },
  };
  const database = new DatabaseAbstraction({ timeSeries, cache: memoryCacheBackend() });
  await database.insertMarketData(bars(['A'], () => 1));
  await database.insertFeatures({ symbol: 'A', timestamp: 0, version: 1, features: { a: 1 } });
  for (let round = 0; round < 2; round++) {
    const noEntries = { data: new Map(), missing };
    expect(await database.marketData.latestMany(['A'], 1, ALLOWED)).toEqual(noEntries);
    expect(await database.features.latestMany(['A'], ALLOWED)).toEqual(noEntries);
    expect([...(await database.marketData.latestMany(['A'], 1)).keys()]).toEqual(['A']);
    expect([...(await database.features.latestMany(['A'])).keys()]).toEqual(['A']);
  }
  const [none, wrong] = [{ missingShards: 'refused' }, { missingShards: 'named' }] as object[];
  expect([...(await database.features.latestMany(['A'], none)).keys()]).toEqual(['A']);
  const refusal = { code: 'VALIDATION', field: 'missingShards' };
  for (const call of [
    database.getLatestMarketData('A', 1, none),
    database.getLatestFeatures('A', none),
    database.marketData.latestMany(['A'], 1, wrong),
  ])
    await expect(call).rejects.toMatchObject(refusal);
  await database.close();
});

it('pages and columns name missing shards', async () => {
  const database = new DatabaseAbstraction({ timeSeries: memoryTimeSeries(), cache: memoryCacheBackend() });
  expect((await database.marketData.find({}, ALLOWED)).missing).toEqual([]);
  expect((await database.features.find({}, ALLOWED)).missing).toEqual([]);
  expect((await database.predictions.columns({}, ALLOWED)).missing).toEqual([]);
  await database.close();
});
