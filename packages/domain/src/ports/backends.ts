import type { Analytics } from './analytics.js';
import type { BlockWriter } from './block-writer.js';
import type { CacheInvalidations } from './cache-invalidations.js';
import type { Cache } from './cache.js';
import type { CheckpointRepository } from './checkpoint.js';
import type { FeatureRepository } from './feature.js';
import type { GuaranteeInspector } from './guarantees.js';
import type { MarketDataRepository } from './market-data.js';
import type { MarketStream } from './market-stream.js';
import type { OutcomeRepository } from './outcome.js';
import type { PredictionRepository } from './prediction.js';
import type { BackendProbe } from './probe.js';
import type { RateLimiter } from './rate-limiter.js';
import type { SchemaController } from './schema.js';
import type { SentimentRepository } from './sentiment.js';
import type { StrategyPerformanceRepository } from './strategy-performance.js';

/**
 * Everything that a time-series store offers. ClickHouse is one, the in-memory store another.
 *
 * Every method checks in this order, and fails with the first that is wrong: its options, whether the call is over, whether
 * the store is closed (`ConnectionError`, not retryable), its input (`ValidationError`), and then, where there is something
 * to ask or to store, whether the tables that it needs are there (`QueryError`).
 */
export interface TimeSeriesBackend {
  readonly marketData: MarketDataRepository;
  readonly sentiment: SentimentRepository;
  readonly features: FeatureRepository;
  readonly predictions: PredictionRepository;
  readonly outcomes: OutcomeRepository;
  readonly strategyPerformance: StrategyPerformanceRepository;
  readonly analytics: Analytics;
  readonly blocks: BlockWriter;
  readonly checkpoints: CheckpointRepository;
  readonly schema: SchemaController;
  readonly guarantees: GuaranteeInspector;
  readonly probe: BackendProbe;
}

/** Everything that a cache and real-time store offers. Redis is one, the in-memory cache another. */
export interface CacheBackend {
  readonly cache: Cache;
  readonly invalidations: CacheInvalidations;
  readonly marketStream: MarketStream;
  readonly rateLimiter: RateLimiter;
  /** How long a call without a deadline may take, in milliseconds. Undefined where calls do not wait. */
  readonly budgetMs?: number;
  readonly probe: BackendProbe;
}
