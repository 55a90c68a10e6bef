import type {
  AnyColumns,
  CallOptions,
  Page,
  QueryPlan,
  QueryResult,
  ReadOptions,
  RecordDefinition,
  Row,
  StreamPlan,
} from '@quantumtrade/dal-domain';
import {
  columnOf,
  columnsOfRows,
  planColumns,
  planPage,
  planStream,
  positionOf,
  toOutputRow,
  READ_OPTIONS,
  scanBudgetOf,
} from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { rowFromJson, selectList } from '../codec/select.js';
import type { Filter } from './filter.js';
import { fieldsOf } from '../query/row-query.js';
import { planRows } from '../query/plan-rows.js';
import { canonicalRows } from '../read/canonical-rows.js';
import { SharedReads } from '../read/shared-reads.js';
import type { ItemPage } from './item-page.js';
import { countOf, readItems, toPage } from './item-page.js';
import { requireBudget } from './scan-estimate.js';

type JsonRow = Readonly<Record<string, unknown>>;

/** Which rows to read, in which order, and how many at most. */
export interface Selection extends Filter {
  /** Default is by ascending timestamp, then the rest of the key. */
  readonly order?: string;
  readonly limit?: number | undefined;
}

/** Limits that calls have unless they say otherwise. */
export interface ReadDefaults {
  readonly defaultPageRows: number;
  readonly scanBudgetRows: number;
  /** Time limit of a call without a deadline. */
  readonly requestTimeoutMs: number;
}

/** Reads one record's table; of every key it sees the newest version only. */
export class TableReader {
  readonly definition: RecordDefinition;
  readonly defaults: ReadDefaults;
  readonly #sql: Sql;
  readonly #columns: string;
  readonly #pages: SharedReads<ItemPage<Row>>;

  constructor(sql: Sql, definition: RecordDefinition, defaults: ReadDefaults) {
    this.defaults = defaults;
    this.#sql = sql;
    this.definition = definition;
    this.#columns = selectList(definition);
    this.#pages = new SharedReads(defaults.requestTimeoutMs);
  }

  async find(params?: object, options?: ReadOptions<boolean>): Promise<Page<object>> {
    const { definition } = this;
    const operation = `${definition.name}.find`;
    this.#sql.checkOpen(operation, options, READ_OPTIONS);
    const plan = planPage(definition, params, operation, this.defaults.defaultPageRows);
    const exact = options?.exact ?? false;
    const startedAt = performance.now();
    const query = planRows({ plan, limit: plan.limit + 1 });
    const text = JSON.stringify([query.sql, query.params, plan.count, plan.maxScanRows]);
    const page = await this.#pages.run(text, operation, options, (limits) =>
      readItems(this.#sql, operation, plan, limits, {
        scanBudgetRows: this.defaults.scanBudgetRows,
        read: () => canonicalRows(this.#sql, operation, definition, query, {}, limits, fieldsOf(plan)),
        count: `SELECT count() AS count FROM ${definition.table} FINAL`,
      }),
    );
    const toOutput = (row: Row) => toOutputRow(definition, row, exact, plan.select);
    return toPage(plan, page, startedAt, (row) => row, toOutput);
  }

  async *stream(params?: object, options?: ReadOptions<boolean>): AsyncGenerator<object[]> {
    const operation = `${this.definition.name}.stream`;
    this.#sql.checkOpen(operation, options, READ_OPTIONS);
    const plan = planStream(this.definition, params, operation);
    const exact = options?.exact ?? false;
    for await (const rows of this.#batches(operation, plan, options)) {
      yield rows.map((row) => toOutputRow(this.definition, row, exact, plan.select));
    }
  }

  async *streamColumns(params?: object, options?: ReadOptions<boolean>): AsyncGenerator<AnyColumns> {
    const operation = `${this.definition.name}.streamColumns`;
    this.#sql.checkOpen(operation, options, READ_OPTIONS);
    const plan = planStream(this.definition, params, operation, 'rows');
    for await (const rows of this.#batches(operation, plan, options)) {
      yield columnsOfRows(this.definition, plan.select, rows, options?.exact ?? false);
    }
  }

  async columns(params?: object, options?: ReadOptions<boolean>): Promise<AnyColumns> {
    const operation = `${this.definition.name}.columns`;
    this.#sql.checkOpen(operation, options, READ_OPTIONS);
    const plan = planColumns(this.definition, params, operation);
    await requireBudget(
      this.#sql,
      operation,
      plan,
      plan.maxScanRows ?? this.defaults.scanBudgetRows,
      options,
    );
    const rows = await this.#canonical(operation, plan, plan.limit, options);
    return columnsOfRows(this.definition, plan.select, rows, options?.exact ?? false);
  }

  async *#batches(
    operation: string,
    plan: StreamPlan,
    options: CallOptions | undefined,
  ): AsyncGenerator<Row[]> {
    await requireBudget(
      this.#sql,
      operation,
      plan,
      scanBudgetOf(plan, this.defaults.scanBudgetRows),
      options,
    );
    let { after, limit: left = Infinity } = plan;
    while (left > 0) {
      const rows = await this.#canonical(
        operation,
        { ...plan, after },
        Math.min(left, plan.batchRows),
        options,
      );
      if (rows.length > 0) yield rows;
      if (rows.length < plan.batchRows) return;
      left -= rows.length;
      after = positionOf(plan.order, rows.at(-1)!);
    }
  }

  #canonical(
    operation: string,
    plan: QueryPlan,
    limit: number | undefined,
    options: CallOptions | undefined,
  ): Promise<Row[]> {
    const { definition } = this;
    const query = planRows({ plan, limit });
    return canonicalRows(this.#sql, operation, definition, query, {}, options, fieldsOf(plan));
  }

  /** The selected rows, and how many there are beyond the limit too. */
  async select(
    operation: string,
    selection: Selection,
    options?: ReadOptions<boolean>,
  ): Promise<QueryResult<object>> {
    const count = `SELECT count() AS count FROM ${this.definition.table} FINAL ${selection.where}`;
    return timed(() =>
      readPage(
        selection.limit,
        () => this.rows(operation, selection, options),
        () => countOf(this.#sql, operation, count, selection.params, options),
      ),
    );
  }

  async rows(
    operation: string,
    { where, params, order, limit }: Selection,
    options?: ReadOptions<boolean>,
  ): Promise<object[]> {
    const { definition } = this;
    const exact = options?.exact ?? false;
    return this.#sql.result(
      operation,
      `SELECT ${this.#columns} FROM ${definition.table} FINAL ${where}
       ORDER BY ${order ?? timeOrder(definition, 'ASC')} ${limitClause(limit)}`,
      withLimit(params, limit),
      options,
      (json: JsonRow) => toOutputRow(definition, rowFromJson(definition, json), exact),
    );
  }
}

type Direction = 'ASC' | 'DESC';

/** Returns the order by timestamp, then by the rest of the key. */
function timeOrder({ key, fields }: RecordDefinition, time: Direction, rest: Direction = 'ASC'): string {
  const others = key
    .filter((name) => name !== 'timestamp')
    // The engine orders a UUID by its second half first.
    .map((name) => (fields[name]!.kind === 'uuid' ? `toString(${columnOf(name)})` : columnOf(name)));
  return [`timestamp ${time}`, ...others.map((column) => `${column} ${rest}`)].join(', ');
}

export const limitClause = (limit: number | undefined): string =>
  limit === undefined ? '' : 'LIMIT {limit:UInt64}';

export const withLimit = (params: Filter['params'], limit: number | undefined): Filter['params'] =>
  limit === undefined ? params : { ...params, limit };

/** Counts all rows only when the limit may have cut some off. */
export async function readPage<T>(
  limit: number | undefined,
  read: () => Promise<T[]>,
  count: () => Promise<number>,
): Promise<{ data: T[]; totalCount: number }> {
  const data = await read();
  return { data, totalCount: data.length === limit ? await count() : data.length };
}

export async function timed<T>(
  read: () => Promise<{ data: T[]; totalCount: number }>,
): Promise<QueryResult<T>> {
  const started = performance.now();
  const { data, totalCount } = await read();
  return { data, totalCount, executionTimeMs: performance.now() - started, cacheHit: false };
}
