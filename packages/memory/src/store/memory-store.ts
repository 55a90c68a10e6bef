import type { CallOptions, TimeSource, RecordDefinition, RecordName } from '@quantumtrade/dal-domain';
import type {
  BatchResult,
  QueryParams,
  QueryResult,
  ReadOptions,
  RecordBatches,
  RecordOf,
  Row,
  SchemaLoss,
} from '@quantumtrade/dal-domain';
import {
  checkCall,
  ConnectionError,
  drawVersion,
  planQuery,
  prepareRowBatch,
  toOutputRow,
  QueryError,
  READ_OPTIONS,
  recordNames,
  records,
  requireField,
  requireLimit,
  settleVersion,
  VersionClock,
} from '@quantumtrade/dal-domain';
import { MemoryTable } from './memory-table.js';
import { timeOf } from './series.js';

type TableName = RecordName | 'checkpoints';

/** Version of the schema from which on the table of checkpoints exists. */
const CHECKPOINTS_SINCE = 7;
const TABLE_NAMES: readonly TableName[] = [...recordNames, 'checkpoints'];

const sinceOf = (name: TableName): number =>
  name === 'checkpoints' ? CHECKPOINTS_SINCE : records[name].since;

/** Number of migrations. */
export const NEWEST_VERSION = 11;

/** All tables of one in-memory backend, and what every call on it has in common. */
export class MemoryStore {
  readonly versions: VersionClock;
  readonly tables = Object.fromEntries(
    recordNames.map((name) => [name, new MemoryTable(records[name])]),
  ) as unknown as Readonly<Record<RecordName, MemoryTable>>;
  readonly checkpoints = new Map<string, number>();
  #schemaVersion = NEWEST_VERSION;
  closed = false;

  constructor(clock: TimeSource, maxFutureSkewMs?: number) {
    this.versions = new VersionClock(clock, maxFutureSkewMs);
  }

  /** What every call begins with: throws when it is already over, or when the store was closed. */
  checkOpen(operation: string, options: CallOptions | undefined, known?: readonly string[]): void {
    checkCall(options, operation, known);
    if (this.closed) throw new ConnectionError('the store was closed', { operation, retryable: false });
  }

  get schemaVersion(): number {
    return this.#schemaVersion;
  }

  /** Moves to another version. What is in tables that are not there any more is forgotten. */
  migrate(version: number): void {
    this.#schemaVersion = version;
    for (const name of TABLE_NAMES) {
      if (this.hasTable(name)) continue;
      if (name === 'checkpoints') this.checkpoints.clear();
      else this.tables[name].clear();
    }
  }

  /** What moving to a version would forget. */
  lossesAt(version: number): SchemaLoss[] {
    return TABLE_NAMES.filter((name) => this.hasTable(name) && sinceOf(name) > version).map((name) => ({
      object: `table ${name === 'checkpoints' ? 'ingestion_checkpoints' : records[name].table}`,
      change: 'is dropped',
      rows: name === 'checkpoints' ? this.checkpoints.size : this.tables[name].rowCount,
    }));
  }

  hasTable(name: TableName): boolean {
    return sinceOf(name) <= this.#schemaVersion;
  }

  /** Throws when a table is not there: the last of the checks, as of a server only its answer tells it. */
  requireTables(operation: string, ...names: readonly TableName[]): void {
    if (names.every((name) => this.hasTable(name))) return;
    throw new QueryError(operation, 'the schema is not initialized', { operation });
  }

  insert<N extends RecordName>(
    name: N,
    batch: RecordBatches[N],
    options: CallOptions | undefined,
  ): BatchResult {
    const started = performance.now();
    const operation = `${records[name].name}.insert`;
    this.checkOpen(operation, options);
    const version = drawVersion(name, batch, this.versions);
    const { rows, errors, roundedCount } = prepareRowBatch(name, batch, version);
    if (rows.length > 0) this.requireTables(operation, name);
    const counts = { inserted: 0, updated: 0, superseded: 0 };
    for (const row of rows) counts[this.tables[name].upsert(row)]++;
    settleVersion(version, this.versions);
    return {
      insertedCount: counts.inserted,
      updatedCount: counts.updated + counts.superseded,
      supersededCount: counts.superseded,
      failedCount: errors.length,
      roundedCount,
      executionTimeMs: performance.now() - started,
      errors,
    };
  }

  /** Rows by ascending timestamp, then the rest of the record's key. */
  find<N extends RecordName, E extends boolean = false>(
    name: N,
    params: QueryParams,
    options: ReadOptions<E> | undefined,
  ): QueryResult<RecordOf<(typeof records)[N], E>> {
    const started = performance.now();
    const operation = `${records[name].name}.find`;
    this.checkOpen(operation, options, READ_OPTIONS);
    const plan = planQuery(records[name], params, operation);
    this.requireTables(operation, name);
    const rows = this.tables[name].find(plan);
    return result(started, rows.length, present(name, rows.slice(0, plan.limit), options));
  }

  /** The newest rows of one symbol, newest first, those of one instant in the order of their key. */
  latest<N extends RecordName, E extends boolean = false>(
    name: N,
    symbol: string,
    limit: number,
    options: ReadOptions<E> | undefined,
  ): QueryResult<RecordOf<(typeof records)[N], E>> {
    const started = performance.now();
    const operation = `${records[name].name}.latest`;
    this.checkOpen(operation, options, READ_OPTIONS);
    const most = requireLimit(limit, operation);
    const newest = newestFirst(this.rowsWhere(name, 'symbol', symbol, operation)).slice(0, most);
    return result(started, newest.length, present(name, newest, options));
  }

  /** All rows whose field has this value, in read order; throws `ValidationError` naming the field, then for want of a schema. */
  rowsWhere(name: RecordName, fieldName: string, value: unknown, operation: string): Row[] {
    const definition: RecordDefinition = records[name];
    const field = definition.fields[fieldName]!;
    const wanted = requireField(field, fieldName, value, operation);
    this.requireTables(operation, name);
    const equals = [{ name: fieldName, field, value: wanted }];
    return this.tables[name].find({ equals, start: undefined, end: undefined, limit: undefined });
  }
}

export function result<T>(started: number, totalCount: number, data: T[]): QueryResult<T> {
  return { data, totalCount, executionTimeMs: performance.now() - started, cacheHit: false };
}

export function present<N extends RecordName, E extends boolean = false>(
  name: N,
  rows: readonly Row[],
  options: ReadOptions<E> | undefined,
): RecordOf<(typeof records)[N], E>[] {
  return rows.map((row) => toOutputRow(records[name], row, (options?.exact ?? false) as E));
}

/** Turns read order around by timestamp alone. */
const newestFirst = (rows: readonly Row[]): Row[] => rows.toSorted((a, b) => timeOf(b) - timeOf(a));
