import type { QueryParams } from '../queries/query.js';
import type { MarketData, MarketDataBatch } from '../records/market-data.js';
import type { BatchResult, QueryResult } from '../results.js';
import type { CallOptions, ReadOptions } from './call.js';

/** Bars, keyed by symbol, timestamp and source. */
export interface MarketDataRepository {
  /**
   * Writes the good rows and reports the bad ones; writing a key again replaces its row. Of several calls the last one wins,
   * awaited or not, unless its batch has an earlier time: a row that loses to a newer version counts in `supersededCount`.
   * The batch is read before the call returns; then the caller may change it.
   * @throws ValidationError when the batch itself is wrong (`source`, `timestamp`), or is dated too far ahead
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
