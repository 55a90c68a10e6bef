import { keysOf } from '../arguments.js';
import type { QueryParams } from '../queries/query.js';
import type { RecordDefinition } from '../records/definition.js';
import type { DefinitionOf, RecordBatches, RecordName, RecordRow } from '../records/records.js';
import { recordNames, records } from '../records/records.js';
import type { BatchResult, QueryResult } from '../results.js';
import type { CallOptions, ReadOptions } from './call.js';
import type { FeatureRepository } from './feature.js';

/** Rows of one record. */
export interface RecordRepository<N extends RecordName> {
  /**
   * Writes the valid rows and reports the others. A write of an existing key replaces its row. Of several calls the last one
   * wins, awaited or not, unless its batch has an earlier time: a row that loses to a newer version counts in
   * `supersededCount`. The batch is read before the call returns; afterwards the caller may change it.
   * @throws ValidationError when the batch itself is wrong (a label, `timestamp`), or is dated too far ahead
   */
  insert(batch: RecordBatches[N], options?: CallOptions): Promise<BatchResult>;

  /** Returns the matching rows by ascending timestamp, then by the rest of the key. */
  find<E extends boolean = false>(
    params: QueryParams,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<RecordRow<N, E>>>;
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
}

/** Newest row of a record whose definition has `latest` with `returns: 'row'`. */
export interface LatestRow<N extends RecordName> {
  /** Returns the row with the greatest timestamp, of equals the first by the rest of the key; null when there is none. */
  latest<E extends boolean = false>(by: string, options?: ReadOptions<E>): Promise<RecordRow<N, E> | null>;
}

/** Rows of a record whose definition has an `identifier`. */
export interface IdentifiedRows<N extends RecordName> {
  /**
   * Returns the row with this identifier, or null. Of several, it returns the one with the greatest timestamp, then with the
   * greatest rest of the key.
   */
  findById<E extends boolean = false>(id: string, options?: ReadOptions<E>): Promise<RecordRow<N, E> | null>;
}

/** Options of {@link EvaluatedRows.dueForEvaluation}. */
export interface DueOptions<E extends boolean = false> extends ReadOptions<E> {
  /** Maximum number of rows. @default no limit */
  limit?: number;
}

/** The keys of {@link DueOptions}. */
export const DUE_OPTIONS = keysOf<DueOptions>({ signal: true, deadline: true, exact: true, limit: true });

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

/** Every method that a repository may have, as an adapter implements it for one record. */
export interface RecordMethods {
  insert(batch: never, options?: CallOptions): Promise<BatchResult>;
  find(params: QueryParams, options?: ReadOptions<boolean>): Promise<QueryResult<object>>;
  latestRows(by: string, limit: number, options?: ReadOptions<boolean>): Promise<QueryResult<object>>;
  latestRow(by: string, options?: ReadOptions<boolean>): Promise<object | null>;
  findById(id: string, options?: ReadOptions<boolean>): Promise<object | null>;
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
): Partial<Record<string, (...args: never[]) => Promise<unknown>>> {
  const { insert, find, latestRows, latestRow, findById, dueForEvaluation } = methods;
  return {
    insert,
    find,
    ...(latest && { latest: latest.returns === 'rows' ? latestRows : latestRow }),
    ...(identifier !== undefined && { findById }),
    ...(evaluate && { dueForEvaluation }),
  };
}

export type MarketDataRepository = RecordRepositories['marketData'];
export type SentimentRepository = RecordRepositories['sentiment'];
export type PredictionRepository = RecordRepositories['predictions'];
export type OutcomeRepository = RecordRepositories['outcomes'];
export type StrategyPerformanceRepository = RecordRepositories['strategyPerformance'];
