import type { QueryParams } from '../queries/query.js';
import type { StrategyPerformance, StrategyPerformanceBatch } from '../records/strategy-performance.js';
import type { BatchResult, QueryResult } from '../results.js';
import type { CallOptions, ReadOptions } from './call.js';

/** Strategy performance, keyed by strategy, regime, timestamp and id. */
export interface StrategyPerformanceRepository {
  /** As `MarketDataRepository.insert`. */
  insert(batch: StrategyPerformanceBatch, options?: CallOptions): Promise<BatchResult>;

  /** Matching rows by ascending timestamp, then strategy, regime and id. */
  find<E extends boolean = false>(
    params: QueryParams,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<StrategyPerformance<E>>>;

  /** The row with the greatest timestamp of a strategy, over all regimes (of equals the first regime, then id), or null. */
  latest<E extends boolean = false>(
    strategyName: string,
    options?: ReadOptions<E>,
  ): Promise<StrategyPerformance<E> | null>;
}
