import type { AggregatedData, AggregationParams } from '../queries/aggregation.js';
import type { RecordName } from '../records/records.js';
import type { QueryResult } from '../results.js';
import type { ReadOptions } from './call.js';

/** Aggregates the rows of any record. */
export interface Analytics {
  /**
   * Returns one aggregate per bucket and group with rows, by ascending bucket, then by the groups in the given order.
   * Bars of different sources with one symbol and instant are combined only if `sources` says so: when
   * an aggregate has bars of several sources, and any two bars in the range are of one symbol and instant, the call fails
   * with a `ValidationError`.
   * Within a bucket, open comes from the first row by timestamp and key, close from the last.
   * Decimals and integers are summed exactly. Means of floats may differ between engines in the last digits, but their
   * sums never overflow. Rows without a value of the measure are counted and otherwise ignored.
   * @throws ValidationError naming `maxScanRows` when the call would scan more rows than its budget
   */
  aggregate<E extends boolean = false, N extends RecordName = 'marketData'>(
    params: AggregationParams<N>,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<AggregatedData<E>>>;
}
