import { randomUUID } from 'node:crypto';
import type {
  CallOptions,
  QueryResult,
  RecordDefinition,
  RecordName,
  Row,
  RowOrder,
  SchemaLoss,
  TimeSource,
} from '@quantumtrade/dal-domain';
import {
  checkCall,
  ConnectionError,
  orderFields,
  QueryError,
  recordNames,
  records,
  requireField,
  toWriteToken,
  VersionClock,
} from '@quantumtrade/dal-domain';
import { newestMigration } from '@quantumtrade/dal-migrations';
import { MemoryTable } from './memory-table.js';

type TableName = RecordName | 'checkpoints';

/** Version of the schema from which on the table of checkpoints exists. */
const CHECKPOINTS_SINCE = 7;
const TABLE_NAMES: readonly TableName[] = [...recordNames, 'checkpoints'];

const sinceOf = (name: TableName): number =>
  name === 'checkpoints' ? CHECKPOINTS_SINCE : records[name].since;

/** Returns the ascending time order of a record's rows. */
export const timeOrder = (definition: RecordDefinition): RowOrder => ({
  by: 'time',
  fields: orderFields(definition, 'time', 'rows'),
  descending: false,
});

/** Limits of reads in rows. */
export interface ReadLimits {
  readonly defaultPageRows: number;
  readonly scanBudgetRows: number;
}

/** Tables of one in-memory backend, and the checks that every call makes. */
export class MemoryStore {
  readonly versions: VersionClock;
  readonly tables = Object.fromEntries(
    recordNames.map((name) => [name, new MemoryTable(records[name])]),
  ) as unknown as Readonly<Record<RecordName, MemoryTable>>;
  readonly checkpoints = new Map<string, number>();
  #schemaVersion = newestMigration;
  closed = false;

  constructor(
    clock: TimeSource,
    readonly limits: ReadLimits,
    maxFutureSkewMs?: number,
  ) {
    this.versions = new VersionClock(clock, maxFutureSkewMs);
  }

  /** Throws when the call is over or the store is closed. Every call begins with it. */
  checkOpen(operation: string, options: CallOptions | undefined, known?: readonly string[]): void {
    checkCall(options, operation, known);
    if (this.closed) throw new ConnectionError('the store was closed', { operation, retryable: false });
  }

  /** Returns the token of a write that has just been made. Every read sees it. */
  writeTokenOf(record: RecordName, id: string = randomUUID()): string {
    return toWriteToken([{ endpoint: 'memory', shard: '1', record, id }])!;
  }

  get schemaVersion(): number {
    return this.#schemaVersion;
  }

  /** Moves to another version and clears the tables that do not exist in it. */
  migrate(version: number): void {
    this.#schemaVersion = version;
    for (const name of TABLE_NAMES) {
      if (this.hasTable(name)) continue;
      if (name === 'checkpoints') this.checkpoints.clear();
      else this.tables[name].clear();
    }
  }

  /** Returns the rows that a move to a version would delete, by table. */
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

  /** Throws when a table does not exist. It is the last check, because a server reports it with its answer. */
  requireTables(operation: string, ...names: readonly TableName[]): void {
    if (names.every((name) => this.hasTable(name))) return;
    throw new QueryError(operation, 'the schema is not initialized', { operation });
  }

  /** Returns the rows with this value in read order. Throws `ValidationError` naming the field, or `QueryError` without a schema. */
  rowsWhere(name: RecordName, fieldName: string, value: unknown, operation: string): Row[] {
    const definition: RecordDefinition = records[name];
    const field = definition.fields[fieldName]!;
    const wanted = requireField(field, fieldName, value, operation);
    this.requireTables(operation, name);
    const equals = [{ name: fieldName, field, value: wanted }];
    const selection = { definition, equals, symbols: undefined, start: undefined, end: undefined };
    return this.tables[name].find(selection, timeOrder(definition));
  }
}

export function toResult<T>(started: number, totalCount: number, data: T[]): QueryResult<T> {
  return { data, totalCount, executionTimeMs: performance.now() - started, cacheHit: false };
}
