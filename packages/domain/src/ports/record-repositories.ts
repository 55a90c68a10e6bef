import { keysOf } from '../arguments.js';
import type { AnyColumns, ColumnsOf } from '../queries/columns.js';
import type {
  ColumnQuery,
  FieldName,
  PageQuery,
  RowStreamQuery,
  SelectedRow,
  StreamQuery,
} from '../queries/parameters.js';
import type { InstantForm } from '../records/kinds/number.js';
import type { RecordDefinition } from '../records/definition.js';
import type { DefinitionOf, RecordBatches, RecordName, RecordRow } from '../records/records.js';
import { recordNames, records } from '../records/records.js';
import type { BatchResult, Page, QueryResult, Reported, ReportedEntries } from '../results.js';
import type { CallOptions, MissingShards, MissingShardsOption, ReadOptions } from './call.js';
import type { FeatureRepository } from './feature.js';
import { repeatable } from './repeatable-streams.js';

/** Rows of one record. */
export interface RecordRepository<N extends RecordName> {
  /**
   * Writes the valid rows and reports the others. A write of an existing key replaces its row. Of several calls the last one
   * wins, awaited or not, unless its batch has an earlier time: a row that loses to a newer version counts in
   * `supersededCount`. The batch is read before the call returns; afterwards the caller may change it.
   * @throws ValidationError when the batch itself is wrong (a label, `timestamp`), or is dated too far ahead
   */
  insert(batch: RecordBatches[N], options?: CallOptions): Promise<BatchResult>;

  /**
   * Returns a page of the matching rows. Pages that follow each other by `cursor` return every row that exists all the while
   * exactly once, whatever is written meanwhile. A row that is written between two pages is in the next one if it follows the cursor.
   * With the order `none` there is one page: `hasMore` says whether its limit left rows out.
   *
   * A page that lacks the rows of shards, because they are allowed to be missing, does not count: its `totalCount` is null. `hasMore` and the cursor
   * are those of the shards that answered. The pages behind it lack the shards, too, so that the last page names all that any of them lacks.
   * @throws ValidationError naming an unknown or wrong parameter, a cursor of another query or in any order included, or `maxScanRows`
   * @throws QueryError when the limit is higher than the rows or bytes of an answer that the adapter allows
   */
  find<
    E extends boolean = false,
    S extends FieldName<N> = FieldName<N>,
    I extends InstantForm = 'date',
    M extends MissingShards = 'refused',
  >(
    params?: PageQuery<N, S, I>,
    options?: ReadOptions<E> & MissingShardsOption<M>,
  ): Promise<Reported<Page<SelectedRow<N, S, E, I>>, M>>;

  /**
   * Reads all matching rows in batches, in memory that does not grow with their number. The call begins with the first
   * batch that is asked for, also its checks; each further loop over the result reads anew. Leaving the loop ends the query. The
   * deadline is for all batches. Any failure between two batches throws: an iteration that ends returned every row. So no shard may be
   * missing.
   */
  stream<E extends boolean = false, S extends FieldName<N> = FieldName<N>, I extends InstantForm = 'date'>(
    params?: RowStreamQuery<N, S, I>,
    options?: ReadOptions<E>,
  ): AsyncIterable<SelectedRow<N, S, E, I>[]>;

  /** Reads like {@link stream}, in batches of columns. */
  streamColumns<E extends boolean = false, S extends FieldName<N> = FieldName<N>>(
    params?: StreamQuery<N, S>,
    options?: ReadOptions<E>,
  ): AsyncIterable<ColumnsOf<N, S, E>>;

  /** Returns all matching rows as columns. The adapter's limits on the rows and bytes of an answer hold. */
  columns<
    E extends boolean = false,
    S extends FieldName<N> = FieldName<N>,
    M extends MissingShards = 'refused',
  >(
    params?: ColumnQuery<N, S>,
    options?: ReadOptions<E> & MissingShardsOption<M>,
  ): Promise<Reported<ColumnsOf<N, S, E>, M>>;
}

/** Newest rows of a record whose definition has `latest` with `returns: 'rows'`. */
export interface LatestRows<N extends RecordName> {
  /**
   * Returns the newest rows with this value of the field `latest.by`, e.g. of one symbol, newest first; rows of one instant
   * by the rest of the key. `totalCount` is the number of rows returned.
   */
  latest<E extends boolean = false>(
    by: string,
    limit: number,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<RecordRow<N, E>>>;

  /**
   * Returns what {@link latest} returns for each of the values, in one call. A value without rows is not in the map. The
   * entries are in the order of the values. A value of which rows may be on a missing shard has no entry: what is left may not be its newest.
   */
  latestMany<E extends boolean = false, M extends MissingShards = 'refused'>(
    by: readonly string[],
    limit: number,
    options?: ReadOptions<E> & MissingShardsOption<M>,
  ): Promise<ReportedEntries<RecordRow<N, E>[], M>>;
}

/** Newest row of a record whose definition has `latest` with `returns: 'row'`. */
export interface LatestRow<N extends RecordName> {
  /** Returns the row with the greatest timestamp, of equals the first by the rest of the key; null when there is none. */
  latest<E extends boolean = false>(by: string, options?: ReadOptions<E>): Promise<RecordRow<N, E> | null>;

  /**
   * Returns what {@link latest} returns for each of the values that has a row, in one call and in the order of the values. A value of which
   * rows may be on a missing shard has no entry.
   */
  latestMany<E extends boolean = false, M extends MissingShards = 'refused'>(
    by: readonly string[],
    options?: ReadOptions<E> & MissingShardsOption<M>,
  ): Promise<ReportedEntries<RecordRow<N, E>, M>>;
}

/** Rows of a record whose definition has an `identifier`. */
export interface IdentifiedRows<N extends RecordName> {
  /**
   * Returns the row with this identifier, or null. Of several, it returns the one with the greatest timestamp, then with the
   * greatest rest of the key.
   */
  findById<E extends boolean = false>(id: string, options?: ReadOptions<E>): Promise<RecordRow<N, E> | null>;

  /** Returns what {@link findById} returns for each identifier that has a row, in one call and in the order of the identifiers. */
  findByIds<E extends boolean = false>(
    ids: readonly string[],
    options?: ReadOptions<E>,
  ): Promise<Map<string, RecordRow<N, E>>>;
}

/** Options of {@link EvaluatedRows.dueForEvaluation}. */
export interface DueOptions<E extends boolean = false> extends ReadOptions<E> {
  /** Maximum number of rows. @default no limit */
  limit?: number;
}

/** The keys of {@link DueOptions}. */
export const DUE_OPTIONS = keysOf<DueOptions>({
  signal: true,
  deadline: true,
  priority: true,
  readAfter: true,
  readAfterTimeoutMs: true,
  exact: true,
  limit: true,
});

/** Rows of a record whose definition has `evaluate`. */
export interface EvaluatedRows<N extends RecordName> {
  /**
   * Returns the rows with this horizon that have fallen due by `now` and have no outcome yet, that is no row with the same key
   * in the record of outcomes. They come by ascending timestamp, then by the rest of the key. A row falls due when its
   * horizon in minutes has passed since its timestamp.
   */
  dueForEvaluation<E extends boolean = false>(
    horizonMinutes: number,
    now: Date | number,
    options?: DueOptions<E>,
  ): Promise<QueryResult<RecordRow<N, E>>>;
}

/** Repositories that do not follow from the definition. */
interface SpecialRepositories {
  features: FeatureRepository;
}

type DerivedRepository<N extends RecordName, D = DefinitionOf<N>> = RecordRepository<N> &
  (D extends { latest: { returns: 'rows' } } ? LatestRows<N> : unknown) &
  (D extends { latest: { returns: 'row' } } ? LatestRow<N> : unknown) &
  (D extends { identifier: string } ? IdentifiedRows<N> : unknown) &
  (D extends { evaluate: object } ? EvaluatedRows<N> : unknown);

/** Repository of each record, with the methods that its definition says. */
export type RecordRepositories = {
  readonly [N in RecordName]: N extends keyof SpecialRepositories
    ? SpecialRepositories[N]
    : DerivedRepository<N>;
};

type PartialOptions = ReadOptions<boolean> & MissingShardsOption;
type Entries<T> = ReportedEntries<T, MissingShards>;

/** Every method that a repository may have, as an adapter implements it for one record. */
export interface RecordMethods {
  insert(batch: never, options?: CallOptions): Promise<BatchResult>;
  find(params?: object, options?: PartialOptions): Promise<Reported<Page<object>, MissingShards>>;
  stream(params?: object, options?: ReadOptions<boolean>): AsyncIterable<object[]>;
  streamColumns(params?: object, options?: ReadOptions<boolean>): AsyncIterable<AnyColumns>;
  columns(params?: object, options?: PartialOptions): Promise<Reported<AnyColumns, MissingShards>>;
  latestRows(by: string, limit: number, options?: ReadOptions<boolean>): Promise<QueryResult<object>>;
  latestRowsMany(by: readonly string[], limit: number, options?: PartialOptions): Promise<Entries<object[]>>;
  latestRow(by: string, options?: ReadOptions<boolean>): Promise<object | null>;
  latestRowMany(by: readonly string[], options?: PartialOptions): Promise<Entries<object>>;
  findById(id: string, options?: ReadOptions<boolean>): Promise<object | null>;
  findByIds(ids: readonly string[], options?: ReadOptions<boolean>): Promise<Map<string, object>>;
  dueForEvaluation(
    horizonMinutes: number,
    now: Date | number,
    options?: DueOptions<boolean>,
  ): Promise<QueryResult<object>>;
}

/** Creates the repository of each record, special ones aside, with the methods that its definition says. */
export function deriveRepositories(
  methodsOf: (record: RecordName) => RecordMethods,
): Omit<RecordRepositories, keyof SpecialRepositories> {
  const repositories = recordNames.map((name) => [name, repositoryOf(records[name], methodsOf(name))]);
  return Object.fromEntries(repositories) as Omit<RecordRepositories, keyof SpecialRepositories>;
}

function repositoryOf(
  { latest, identifier, evaluate }: RecordDefinition,
  methods: RecordMethods,
): Partial<Record<string, (...args: never[]) => Promise<unknown> | AsyncIterable<unknown>>> {
  const { insert, find, stream, streamColumns, columns, findById, findByIds, dueForEvaluation } = methods;
  const { latestRows, latestRowsMany, latestRow, latestRowMany } = methods;
  return {
    insert,
    find,
    stream: repeatable(stream),
    streamColumns: repeatable(streamColumns),
    columns,
    ...(latest?.returns === 'rows' && { latest: latestRows, latestMany: latestRowsMany }),
    ...(latest?.returns === 'row' && { latest: latestRow, latestMany: latestRowMany }),
    ...(identifier !== undefined && { findById, findByIds }),
    ...(evaluate && { dueForEvaluation }),
  };
}

export type MarketDataRepository = RecordRepositories['marketData'];
export type SentimentRepository = RecordRepositories['sentiment'];
export type PredictionRepository = RecordRepositories['predictions'];
export type OutcomeRepository = RecordRepositories['outcomes'];
export type StrategyPerformanceRepository = RecordRepositories['strategyPerformance'];
