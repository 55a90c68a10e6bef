import type { AggregatedData, AggregationParams } from '../queries/aggregation.js';
import type { LateBars, LateBarsParams } from '../queries/late-bars.js';
import type { RecordName } from '../records/records.js';
import type { QueryResult } from '../results.js';
import type { ReadOptions, StoreReadOptions } from './call.js';

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
  /**
   * Counts the bars that were written after a bar of the same symbol and source with a later timestamp, among the selected ones: bars that came
   * late or were corrected since. Bars of one batch were written together. Counts are ordered by symbol and source, and there is one
   * for each that has bars.
   * @throws ValidationError naming `maxScanRows` when the call would scan more rows than its budget
   */
  lateBars(params: LateBarsParams, options?: StoreReadOptions): Promise<LateBars[]>;
}
