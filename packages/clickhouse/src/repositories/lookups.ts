import type {
  MissingShard,
  MissingShards,
  MissingShardsOption,
  QueryResult,
  ReadOptions,
  RecordDefinition,
  ReportedEntries,
} from '@quantumtrade/dal-domain';
import {
  PARTIAL_READ_OPTIONS,
  READ_OPTIONS,
  reportedEntries,
  requireField,
  requireLimit,
  requireValues,
} from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { recordReader } from '../codec/read/record-reader.js';
import type { BlockRows } from '../read/block-rows.js';
import { restOfKey } from '../read/latest-lookups.js';
import { ShardLookups } from '../read/shard-lookups.js';
import { requireTable } from './require-table.js';

type Options = ReadOptions<boolean> | undefined;
type PartialOptions = (ReadOptions<boolean> & MissingShardsOption) | undefined;

/** Lookups of one record's rows by one field. Concurrent ones share a query. */
export class RecordLookups {
  readonly #sql: Sql;
  readonly #definition: RecordDefinition;
  readonly #by: string;
  readonly #lookups: ShardLookups;

  /** @param method name of the method in operations: `latest` or `findById` */
  constructor(sql: Sql, definition: RecordDefinition, method: 'latest' | 'findById', timeoutMs: number) {
    const isIdentifier = method === 'findById';
    this.#sql = sql;
    this.#definition = definition;
    this.#by = isIdentifier ? definition.identifier! : definition.latest!.by;
    this.#lookups = new ShardLookups(sql, {
      definition,
      by: [this.#by],
      thenBy: restOfKey(definition, [this.#by], isIdentifier),
      areSets: false,
      isIdentifier,
      operation: `${definition.name}.${method}`,
      timeoutMs,
    });
  }

  /** The newest rows that have this value, newest first. */
  async newestRows(value: unknown, limit: number, options: Options): Promise<QueryResult<object>> {
    const started = performance.now();
    const operation = this.#enter('latest', options);
    const most = requireLimit(limit, operation);
    const data = await this.#rows(value, most, operation, options);
    return {
      data,
      totalCount: data.length,
      executionTimeMs: performance.now() - started,
      cacheHit: false,
    };
  }

  /** The first row that has this value, or null. */
  async firstRow(method: string, value: unknown, options: Options): Promise<object | null> {
    const [row] = await this.#rows(value, 1, this.#enter(method, options), options);
    return row ?? null;
  }

  /** The newest rows of each of the values that has any. */
  async newestRowsOfMany(
    values: unknown,
    limit: number,
    options: PartialOptions,
  ): Promise<ReportedEntries<object[], MissingShards>> {
    const operation = this.#enter('latestMany', options);
    const wanted = this.#requireValues(values, operation);
    const most = requireLimit(limit, operation);
    const { rows, missing } = await this.#rowsOfMany(wanted, most, operation, options);
    return reportedEntries(rows, options, missing);
  }

  /** The first row of each of the values that has one. */
  async firstRows(
    method: string,
    values: unknown,
    options: PartialOptions,
  ): Promise<ReportedEntries<object, MissingShards>> {
    const operation = this.#enter(method, options);
    const wanted = this.#requireValues(values, operation);
    const { rows, missing } = await this.#rowsOfMany(wanted, 1, operation, options);
    const first = new Map(Array.from(rows, ([value, [row]]) => [value, row!]));
    return reportedEntries(first, options, missing);
  }

  #enter(method: string, options: Options): string {
    const operation = `${this.#definition.name}.${method}`;
    const known = method === 'latestMany' ? PARTIAL_READ_OPTIONS : READ_OPTIONS;
    this.#sql.checkOpen(operation, options, known);
    return operation;
  }

  #requireValues(values: unknown, operation: string): string[] {
    return requireValues(this.#definition.fields[this.#by]!, `${this.#by}s`, values, operation);
  }

  async #rows(value: unknown, limit: number, operation: string, options: Options): Promise<object[]> {
    const field = this.#definition.fields[this.#by]!;
    const key = requireField(field, this.#by, value, operation) as string;
    // Also a lookup of no row fails where there is no table.
    const rows = await this.#lookups.find([key], Math.max(limit, 1), options);
    return limit === 0 || !rows ? [] : this.#toOutput(rows, options);
  }

  async #rowsOfMany(
    values: readonly string[],
    limit: number,
    operation: string,
    options: PartialOptions,
  ): Promise<{ readonly rows: Map<string, object[]>; readonly missing: readonly MissingShard[] }> {
    const rows = new Map<string, object[]>();
    if (values.length === 0 || limit === 0) {
      await requireTable(this.#sql, this.#definition, operation, options);
      return { rows, missing: [] };
    }
    const { found, missing } = await this.#lookups.findEach(values, limit, operation, options);
    for (const value of values) {
      const parts = found.get(value);
      if (parts) rows.set(value, this.#toOutput(parts, options));
    }
    return { rows, missing };
  }

  /** Every caller gets rows of its own. */
  #toOutput(parts: readonly BlockRows[], options: Options): object[] {
    const reader = recordReader(this.#definition, { exact: options?.exact });
    const rows: object[] = [];
    for (const { block, from, to } of parts) reader.appendRows(rows, block, from, to);
    return rows;
  }
}
