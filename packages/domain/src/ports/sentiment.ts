import type { QueryParams } from '../queries/query.js';
import type { Sentiment, SentimentBatch } from '../records/sentiment.js';
import type { BatchResult, QueryResult } from '../results.js';
import type { CallOptions, ReadOptions } from './call.js';

/** News sentiment, keyed by symbol, timestamp, source and content hash. */
export interface SentimentRepository {
  /** As `MarketDataRepository.insert`. */
  insert(batch: SentimentBatch, options?: CallOptions): Promise<BatchResult>;

  /** Matching rows by ascending timestamp, then symbol, source and content hash. */
  find<E extends boolean = false>(
    params: QueryParams,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<Sentiment<E>>>;

  /**
   * The newest rows of one symbol, newest first; rows of one instant by source and content hash. `totalCount` is the
   * number of rows returned.
   */
  latest<E extends boolean = false>(
    symbol: string,
    limit: number,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<Sentiment<E>>>;
}
