import { z } from 'zod';
import { featureSetCodec, textOfUsualSet } from '../records/feature-set.js';
import { recordCodec } from '../records/json.js';
import { marketData } from '../records/market-data.js';
import { prediction } from '../records/prediction.js';
import { strategyPerformance } from '../records/strategy-performance.js';
import type { Keyspace } from './keyspace.js';
import { authEntryCodec, marketRegimeCodec, selectedStrategyCodec, userSessionsCodec } from './values.js';

function keyspace<const P extends string, T>(
  pattern: P,
  ttlSeconds: number,
  codec: z.ZodType<T>,
  encodesJson = true,
): Keyspace<P, T> {
  return { pattern, ttlSeconds, codec, encodesJson };
}

/** All key patterns of the data layer. Records are cached exactly: decimals as strings, 64-bit integers as bigints. */
export const keyspaces = {
  latestFeatures: {
    ...keyspace('features:{symbol}:latest', 300, featureSetCodec),
    textOfUsual: textOfUsualSet,
  },
  featureValue: keyspace('features:{symbol}:{featureName}', 300, z.number(), false),
  marketRegime: keyspace('regime:{symbol}:current', 600, marketRegimeCodec),
  selectedStrategy: keyspace('strategy:{symbol}:selected', 900, selectedStrategyCodec),
  strategyPerformance: keyspace('strategy:{strategyName}:performance', 900, recordCodec(strategyPerformance)),
  prediction: keyspace('prediction:{predictionId}', 3600, recordCodec(prediction)),
  /** All sessions of a user. */
  session: keyspace('session:{userId}', 3600, userSessionsCodec),
  authContext: keyspace('auth:{tokenHash}', 3600, authEntryCodec),
  /** Holds the instants of the allowed requests in the window; its size is the request count. */
  rateLimit: keyspace('rate_limit:{userId}:{endpoint}', 60, z.int()),
  /** Newest bar in the database, as `marketData.latest` returns it. */
  latestMarketData: keyspace('market:{symbol}:latest', 30, recordCodec(marketData)),
  /** Newest published tick. Unlike a bar, it need not be in the database. */
  latestTick: keyspace('market:{symbol}:tick', 30, recordCodec(marketData)),
  /** Market stream; the codec is that of one tick. */
  marketStream: keyspace('market:{symbol}:stream', 30, recordCodec(marketData)),
} as const;
