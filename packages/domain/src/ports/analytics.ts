import type { AggregatedData, AggregationParams } from '../queries/aggregation.js';
import type { QueryResult } from '../results.js';
import type { ReadOptions } from './call.js';

/** Summaries over any record. */
export interface Analytics {
  /**
   * One row per bucket and group that holds any record, by ascending bucket, then by the groups in the order asked for.
   * Two bars of one symbol and instant, which different sources have, are not added up unless `sources` asks for it: when
   * an aggregate has bars of several sources, and any two bars in the range are of one symbol and instant, the call fails
   * with a `ValidationError`.
   * Within a bucket, open is of the first row by timestamp and then key, close of the last.
   * Decimals and integers are summed exactly; means of floats may differ between engines in the last digits, and no sum of
   * theirs overflows. Rows without a value of the measure count and are otherwise left out.
   */
  aggregate<E extends boolean = false>(
    params: AggregationParams,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<AggregatedData<E>>>;
}
