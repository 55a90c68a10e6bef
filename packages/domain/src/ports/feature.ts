import type { ColumnsOf } from '../queries/columns.js';
import type { ColumnQuery, FieldName, SetQuery, StreamQuery } from '../queries/parameters.js';
import type { FeatureBatch } from '../records/feature.js';
import type { FeatureSet } from '../records/feature-set.js';
import type { BatchResult, Page, Reported, ReportedEntries } from '../results.js';
import type { CallOptions, MissingShards, MissingShardsOption, StoreReadOptions } from './call.js';

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
   * Returns a page of the matching sets, like `RecordRepository.find`. Time order is by timestamp, symbol and version; key order by
   * symbol, timestamp and version. `limit` and `totalCount` count sets. A filter by `featureName` leaves only that feature in
   * each set.
   */
  find<M extends MissingShards = 'refused'>(
    params?: SetQuery,
    options?: StoreReadOptions & MissingShardsOption<M>,
  ): Promise<Reported<Page<FeatureSet>, M>>;

  /** Reads all matching sets in batches, like `RecordRepository.stream`. */
  stream(
    params?: Omit<StreamQuery<'features'>, 'select'>,
    options?: StoreReadOptions,
  ): AsyncIterable<FeatureSet[]>;

  /** Reads the features, one a row, in batches of columns, like `RecordRepository.streamColumns`. */
  streamColumns<S extends FieldName<'features'> = FieldName<'features'>>(
    params?: StreamQuery<'features', S>,
    options?: StoreReadOptions,
  ): AsyncIterable<ColumnsOf<'features', S>>;

  /** Returns the features, one a row, as columns, like `RecordRepository.columns`. */
  columns<S extends FieldName<'features'> = FieldName<'features'>, M extends MissingShards = 'refused'>(
    params?: ColumnQuery<'features', S>,
    options?: StoreReadOptions & MissingShardsOption<M>,
  ): Promise<Reported<ColumnsOf<'features', S>, M>>;

  /** Returns the set with the greatest timestamp, then the greatest version; null when the symbol has none. */
  latest(symbol: string, options?: StoreReadOptions): Promise<FeatureSet | null>;

  /**
   * Returns the latest set of each symbol that has one, in one call and in the order of the symbols. A symbol of which rows may be on a
   * missing shard has no entry.
   */
  latestMany<M extends MissingShards = 'refused'>(
    symbols: readonly string[],
    options?: StoreReadOptions & MissingShardsOption<M>,
  ): Promise<ReportedEntries<FeatureSet, M>>;

  /**
   * Returns the newest value of one feature of a symbol from any set: the greatest timestamp, then the
   * greatest version; null when there is none.
   */
  latestValue(symbol: string, featureName: string, options?: StoreReadOptions): Promise<number | null>;
}
