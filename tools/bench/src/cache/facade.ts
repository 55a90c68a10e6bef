import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseAbstraction } from '@quantumtrade/dal';
import type { FeatureBatch } from '@quantumtrade/dal-domain';
import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import { connectRedis } from '@quantumtrade/dal-redis';
import type { Result } from '../bench.js';
import { inRounds } from '../bench.js';
import { inThroughput, sliceThroughput, warmedUp } from '../loads.js';
import { twoLevels } from './ours.js';
import { rawRedis } from './peers.js';
import { fill } from './side.js';
import { featuresOf } from './values.js';
import { anyOf, slices, symbolNames } from '../random.js';
import { sized } from '../sized.js';

const ROUNDS = sized(5, 1);
const READS = sized(1 << 17, 1 << 8);
const SYMBOLS = sized(1_000, 50);
/** Few enough that a caller of the slowest side does not take longer than a round. */
const SLICE = 50;
const LOAD = { callers: 1, forMs: sized(300, 10) };

type Read = (symbol: string) => Promise<unknown>;

/** Reads through the data layer of what is in process, against the cache without the data layer, and against Redis. */
export async function* facade(url: string): AsyncGenerator<Result> {
  const { database, close } = await filledDatabase(url);
  const keyspace = await twoLevels(url, 'facade-keyspace:');
  const redis = rawRedis(url, 'facade-raw:');
  const taken = slices(anyOf(symbolNames(SYMBOLS), READS), SLICE);
  const measured = (read: Read) => () =>
    warmedUp(LOAD, (load) =>
      sliceThroughput(load, taken, async (slice) => {
        for (const symbol of slice) await read(symbol);
      }),
    );
  try {
    await fill(keyspace, symbolNames(SYMBOLS));
    await fill(redis, symbolNames(SYMBOLS));
    await bringIn((symbol) => database.getLatestFeatures(symbol));
    const runs = await inRounds(ROUNDS, {
      ours: measured((symbol) => database.getLatestFeatures(symbol)),
      'the keyspace without the data layer': measured((symbol) => keyspace.get(symbol)),
      'ioredis and JSON': measured((symbol) => redis.get(symbol)),
    });
    yield* inThroughput('data layer, latest features in process', 'reads', runs);
    for (const [what, read] of Object.entries(otherReads(database))) {
      await bringIn(read);
      const runs = await inRounds(ROUNDS, { ours: measured(read) });
      yield* inThroughput(`data layer, ${what} in process`, 'reads', runs);
    }
  } finally {
    await Promise.all([close(), keyspace.close(), redis.close()]);
  }
}

/** The first read loads what is in the store alone, the second brings it into this process. */
async function bringIn(read: Read): Promise<void> {
  for (const symbol of [...symbolNames(SYMBOLS), ...symbolNames(SYMBOLS)]) {
    if (!(await read(symbol))) throw new Error('a value is not there');
  }
}

const otherReads = ({
  features,
  marketData,
  predictions,
  realtime,
  authContexts,
}: DatabaseAbstraction): Record<string, Read> => ({
  'a value of a feature': (symbol) => features.latestValue(symbol, FEATURE),
  'the latest bar': (symbol) => marketData.latest(symbol, 1),
  'a prediction': (symbol) => predictions.findById(symbol),
  'a market regime': (symbol) => realtime.marketRegime(symbol),
  'an auth context': (symbol) => authContexts.find(symbol),
});

const FEATURE = 'rsi_14';
const timestamp = new Date(Date.UTC(2024, 0, 2, 14, 30));

/** A data layer over a store in memory and Redis, with values of all symbols. */
async function filledDatabase(url: string) {
  const backend = connectRedis({ url, keyPrefix: 'facade:', budgetMs: 10_000 });
  const database = new DatabaseAbstraction({ timeSeries: memoryTimeSeries(), cache: backend });
  while (!(await database.health()).cache.invalidationsConnected) await delay(1);
  const all = symbolNames(SYMBOLS);
  const written = [
    await database.insertFeatures(all.map(featureBatchOf)),
    await database.insertMarketData({ source: 'bench', records: all.map((symbol) => ({ ...bar, symbol })) }),
    await database.insertPredictions({
      modelVersion: 'm1',
      strategy: 's1',
      predictions: all.map((symbol) => ({ ...prediction, predictionId: symbol, symbol })),
    }),
  ];
  const refused = written.flatMap(({ errors }) => errors)[0];
  if (refused) throw new Error(`${refused.field} ${refused.reason}`);
  for (const symbol of all) {
    await database.realtime.setMarketRegime({ symbol, regime: 'calm', confidence: 0.5, timestamp });
    await database.authContexts.save(symbol, { userId: symbol, roles: ['trader'], permissions: [] });
  }
  return { database, close: () => database.close() };
}

function featureBatchOf(symbol: string): FeatureBatch {
  const { timestamp, features, metadata, version } = featuresOf(symbol);
  return { symbol, timestamp, features, metadata, version };
}

const bar = {
  timestamp,
  open: 1,
  high: 2,
  low: 1,
  close: '1.50000001',
  adjustedClose: 1.5,
  volume: 1_000,
  qualityScore: 100,
};

const prediction = {
  timestamp,
  predictionHorizon: 5,
  predictedPrice: 1.5,
  confidence: 0.5,
  marketRegime: 'calm',
  featuresUsed: [FEATURE],
  modelLatencyMs: 1,
  strategyParameters: { window: 20 },
};
