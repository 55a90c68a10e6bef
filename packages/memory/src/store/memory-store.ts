import { randomUUID } from 'node:crypto';
import type {
  CallOptions,
  QueryResult,
  RecordDefinition,
  RecordName,
  Row,
  RowOrder,
  TimeSource,
} from '@quantumtrade/dal-domain';
import {
  checkCall,
  ConnectionError,
  orderFields,
  QueryError,
  records,
  requireField,
  toWriteToken,
  VersionClock,
} from '@quantumtrade/dal-domain';
import { MemoryDatabase, type TableName } from './memory-database.js';

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
  /** The database in use. */
  database = new MemoryDatabase();
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

  get tables(): MemoryDatabase['tables'] {
    return this.database.tables;
  }

  get checkpoints(): Map<string, number> {
    return this.database.checkpoints;
  }

  /** Throws when a table does not exist. It is the last check, because a server reports it with its answer. */
  requireTables(operation: string, ...names: readonly TableName[]): void {
    if (names.every((name) => this.database.hasTable(name))) return;
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
