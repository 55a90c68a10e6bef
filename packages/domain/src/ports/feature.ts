import type { QueryParams } from '../queries/query.js';
import type { FeatureBatch } from '../records/feature.js';
import type { FeatureSet } from '../records/feature-set.js';
import type { BatchResult, QueryResult } from '../results.js';
import type { CallOptions } from './call.js';

/** Features, keyed by symbol, name, timestamp and version; read as sets of one symbol, timestamp and version. */
export interface FeatureRepository {
  /**
   * Writes any number of batches. The result counts features; a `RowError.index` is the position of a batch.
   * Batches of the same symbol, timestamp and version form one set, in which each feature keeps the metadata of
   * its batch. Otherwise like `RecordRepository.insert`, but a batch dated too far ahead (`computedAt`) is refused
   * without the others.
   */
  insert(batches: readonly FeatureBatch[], options?: CallOptions): Promise<BatchResult>;

  /**
   * Returns the matching sets by ascending timestamp, then symbol, then version. `limit` and `totalCount` count sets. A filter by
   * `featureName` leaves only that feature in each set.
   */
  find(params: QueryParams, options?: CallOptions): Promise<QueryResult<FeatureSet>>;

  /** Returns the set with the greatest timestamp, then the greatest version; null when the symbol has none. */
  latest(symbol: string, options?: CallOptions): Promise<FeatureSet | null>;

  /**
   * Returns the newest value of one feature of a symbol from any set: the greatest timestamp, then the
   * greatest version; null when there is none.
   */
  latestValue(symbol: string, featureName: string, options?: CallOptions): Promise<number | null>;
}
