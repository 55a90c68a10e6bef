import type { QueryParams } from '../queries/query.js';
import type { FeatureBatch } from '../records/feature.js';
import type { FeatureSet } from '../records/feature-set.js';
import type { BatchResult, QueryResult } from '../results.js';
import type { CallOptions } from './call.js';

/** Features, keyed by symbol, name, timestamp and version; read as sets of one symbol, timestamp and version. */
export interface FeatureRepository {
  /**
   * Writes any number of batches at once. Counts are of features; a `RowError.index` is a batch's position.
   * Batches of the same symbol, timestamp and version add up to one set, in which each feature keeps the metadata of
   * its batch. Otherwise as `RecordRepository.insert`, but a batch that is dated too far ahead (`computedAt`) is refused
   * alone.
   */
  insert(batches: readonly FeatureBatch[], options?: CallOptions): Promise<BatchResult>;

  /**
   * Matching sets by ascending timestamp, then symbol, then version. `limit` and `totalCount` count sets. A filter by
   * `featureName` leaves only that feature in each set.
   */
  find(params: QueryParams, options?: CallOptions): Promise<QueryResult<FeatureSet>>;

  /** The set with the greatest timestamp, of equals the greatest version; null when the symbol has none. */
  latest(symbol: string, options?: CallOptions): Promise<FeatureSet | null>;

  /**
   * The newest value of one feature of a symbol, in whichever set it stands: the greatest timestamp, of equals the
   * greatest version; null when there is none.
   */
  latestValue(symbol: string, featureName: string, options?: CallOptions): Promise<number | null>;
}
