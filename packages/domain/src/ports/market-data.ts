import type { QueryParams } from '../queries/query.js';
import type { MarketDataBatch } from '../records/batches.js';
import type { MarketData } from '../records/market-data.js';
import type { BatchResult, QueryResult } from '../results.js';
import type { CallOptions, ReadOptions } from './call.js';

/** Bars, keyed by symbol, timestamp and source. */
export interface MarketDataRepository {
  /**
   * Writes the good rows and reports the bad ones; writing a key again replaces its row.
   * Throws `ValidationError` when the batch itself is wrong (`source`, `timestamp`).
   */
  insert(batch: MarketDataBatch, options?: CallOptions): Promise<BatchResult>;

  /** Matching bars by ascending timestamp, then symbol, then source. */
  find<E extends boolean = false>(
    params: QueryParams,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<MarketData<E>>>;

  /**
   * The newest bars of one symbol, newest first; bars of one instant by source. The question is for the newest `limit`
   * bars and no others, so `totalCount` is the number of bars returned.
   */
  latest<E extends boolean = false>(
    symbol: string,
    limit: number,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<MarketData<E>>>;
}
