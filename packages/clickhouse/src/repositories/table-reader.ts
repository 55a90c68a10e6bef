import type {
  AnyColumns,
  CallOptions,
  Page,
  QueryPlan,
  ReadOptions,
  RecordDefinition,
  StreamPlan,
} from '@quantumtrade/dal-domain';
import {
  checkTime,
  planColumns,
  planColumnStream,
  planPage,
  planStream,
  READ_OPTIONS,
  scanBudgetOf,
} from '@quantumtrade/dal-domain';
import { ScratchMemory } from '../codec/read/number-memory.js';
import type { RecordReader } from '../codec/read/record-reader.js';
import { recordReader } from '../codec/read/record-reader.js';
import type { Sql } from '../connection/sql.js';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import { sqlNear } from '../cluster/sql-near.js';
import { planRows, planRowsAgain } from '../query/plan-rows.js';
import type { RowRead } from '../query/row-query.js';
import { ArrivedBlocks } from '../read/arrived-blocks.js';
import type { PlannedQuery } from '../query/rule.js';
import { blockRowsFor, isLarge } from '../query/rules/read-in-order.js';
import { batchesOf, sliceColumns } from '../read/batches.js';
import type { BlockRows } from '../read/block-rows.js';
import { readAgain, runRetried } from '../read/retried-reads.js';
import { RowAnswers } from '../read/row-answers.js';
import { SharedReads } from '../read/shared-reads.js';
import type { ItemPage } from './item-page.js';
import { readItems, toPage } from './item-page.js';
import { toBudgetError, withinBudget } from './scan-estimate.js';

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
  readonly #answers: RowAnswers;
  readonly #pages: SharedReads<ItemPage<ArrivedBlocks>>;

  constructor(sql: Sql, definition: RecordDefinition, defaults: ReadDefaults) {
    this.defaults = defaults;
    this.#sql = sql;
    this.definition = definition;
    this.#answers = new RowAnswers(definition);
    this.#pages = new SharedReads(defaults.requestTimeoutMs);
  }

  async find(params?: object, options?: ReadOptions<boolean>): Promise<Page<object>> {
    const { definition } = this;
    const operation = `${definition.name}.find`;
    this.#sql.checkOpen(operation, options, READ_OPTIONS);
    const plan = planPage(definition, params, operation, this.defaults.defaultPageRows);
    const startedAt = performance.now();
    const budget = scanBudgetOf(plan, this.defaults.scanBudgetRows);
    const read = { plan, limit: plan.limit + 1, budget };
    const query = planRows(read);
    const reader = this.#readerOf(plan, options);
    const form = [reader.selectList, plan.instants, options?.exact ?? false];
    const text = JSON.stringify([query.sql, query.params, query.settings, plan.count, form]);
    const order = plan.order.fields;
    const sql = sqlNear(this.#sql, plan);
    const page = await this.#pages.run(text, operation, options, (limits, callers) =>
      withinBudget(sql, operation, plan, budget, limits, () =>
        readItems(sql, operation, plan, limits, {
          read: (arrived) =>
            ArrivedBlocks.read({ reader, definition, order, callers }, (arrive) =>
              this.#read(operation, read, query, limits, (block) => {
                if (isLarge(read)) arrived(block.rowCount);
                return arrive(block);
              }),
            ),
          countOf: (blocks) => blocks.rowCount,
          count: `SELECT count() AS count FROM ${definition.table} FINAL`,
          timeoutMs: this.defaults.requestTimeoutMs,
        }),
      ),
    );
    const { items, count } = page;
    return toPage(plan, page, startedAt, items.takeRows(count), items.orderOf(count - 1));
  }

  async *stream(params?: object, options?: ReadOptions<boolean>): AsyncGenerator<object[]> {
    const operation = `${this.definition.name}.stream`;
    this.#sql.checkOpen(operation, options, READ_OPTIONS);
    const plan = planStream(this.definition, params, operation);
    const reader = this.#readerOf(plan, options);
    const memories = reader.names.map(() => new ScratchMemory());
    for await (const { block, from, to } of this.#rowBatches(operation, plan, options)) {
      yield reader.rows(block, from, to, memories);
    }
  }

  async *streamColumns(params?: object, options?: ReadOptions<boolean>): AsyncGenerator<AnyColumns> {
    const operation = `${this.definition.name}.streamColumns`;
    this.#sql.checkOpen(operation, options, READ_OPTIONS);
    const plan = planColumnStream(this.definition, params, operation);
    const reader = this.#readerOf(plan, options);
    for await (const { block, from, to } of this.#rowBatches(operation, plan, options)) {
      const columns = reader.columns([block]);
      yield to - from === block.rowCount ? columns : sliceColumns(columns, from, to);
    }
  }

  async columns(params?: object, options?: ReadOptions<boolean>): Promise<AnyColumns> {
    const operation = `${this.definition.name}.columns`;
    this.#sql.checkOpen(operation, options, READ_OPTIONS);
    const plan = planColumns(this.definition, params, operation);
    const budget = plan.maxScanRows ?? this.defaults.scanBudgetRows;
    const read = { plan, limit: plan.limit, budget };
    const reader = this.#readerOf(plan, options);
    const blocks = await withinBudget(sqlNear(this.#sql, plan), operation, plan, budget, options, () =>
      this.#read(operation, read, planRows(read), options, reader.converter(plan.limit ?? 0)),
    );
    return reader.columns(blocks);
  }

  #readerOf({ select, instants }: QueryPlan, options: ReadOptions<boolean> | undefined): RecordReader {
    return recordReader(this.definition, { select, instants, exact: options?.exact });
  }

  /** Reads rows, again in a cheaper way where the query runs out of time or memory. */
  #read<T>(
    operation: string,
    read: RowRead,
    query: PlannedQuery,
    options: CallOptions | undefined,
    convert: (block: DecodedBlock) => T,
  ): Promise<T[]> {
    const sql = sqlNear(this.#sql, read.plan);
    return runRetried(
      { operation, options, timeoutMs: this.defaults.requestTimeoutMs },
      () => this.#answers.read(sql, operation, read, query, options, convert),
      (shortage, rest) => readAgain(sql, operation, read, planRowsAgain, shortage, rest, convert),
    );
  }

  #rowBatches(
    operation: string,
    plan: StreamPlan,
    options: CallOptions | undefined,
  ): AsyncGenerator<BlockRows> {
    const budget = scanBudgetOf(plan, this.defaults.scanBudgetRows);
    return this.batches(operation, plan, planRows({ plan, limit: plan.limit, budget }), budget, options);
  }

  /** Streams the rows of one query. */
  async *batches(
    operation: string,
    plan: StreamPlan,
    { sql: query, params, settings }: PlannedQuery,
    budget: number | undefined,
    options: CallOptions | undefined,
  ): AsyncGenerator<BlockRows> {
    const { max_block_size: planned = Infinity } = settings;
    const blockRows = blockRowsFor(Math.min(plan.batchRows, planned));
    const sql = sqlNear(this.#sql, plan);
    const blocks = sql.blocks(operation, query, params, options, {
      ...settings,
      max_block_size: blockRows,
    });
    try {
      for await (const rows of batchesOf(blocks, plan.batchRows)) {
        // The caller may have used up its time, or given up, since the block arrived.
        if (options) checkTime(options, operation);
        yield rows;
      }
    } catch (error) {
      throw await toBudgetError(sql, operation, plan, budget, options, error);
    }
  }
}
