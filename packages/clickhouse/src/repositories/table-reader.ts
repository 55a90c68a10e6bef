import type {
  AnyColumns,
  CallOptions,
  MissingShards,
  MissingShardsOption,
  Page,
  PagePlan,
  QueryPlan,
  ReadOptions,
  RecordDefinition,
  Reported,
  Row,
  StreamPlan,
} from '@quantumtrade/dal-domain';
import {
  allowsMissing,
  checkTime,
  columnsOfRows,
  PARTIAL_READ_OPTIONS,
  planColumns,
  planColumnStream,
  planPage,
  planStream,
  READ_OPTIONS,
  reported,
  rowComparison,
  scanBudgetOf,
  shardsOfEarlierPages,
  toOutputRow,
} from '@quantumtrade/dal-domain';
import { ScratchMemory } from '../codec/read/number-memory.js';
import type { RecordReader } from '../codec/read/record-reader.js';
import { recordReader } from '../codec/read/record-reader.js';
import type { Sql } from '../connection/sql.js';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import { shardsNear, sqlNear } from '../cluster/sql-near.js';
import { planRows, planRowsAgain } from '../query/plan-rows.js';
import { fieldsOf, type RowRead } from '../query/row-query.js';
import { ArrivedBlocks } from '../read/arrived-blocks.js';
import type { PlannedQuery } from '../query/rule.js';
import { blockRowsFor, isLarge } from '../query/rules/read-in-order.js';
import { batchesOf, sliceColumns } from '../read/batches.js';
import type { BlockRows } from '../read/block-rows.js';
import { canonicalRows } from '../read/block-rows.js';
import { readAgain, runRetried } from '../read/retried-reads.js';
import { RowAnswers } from '../read/row-answers.js';
import type { ShardSelection } from '../read/shard-reads.js';
import { readShards } from '../read/shard-reads.js';
import { SharedReads } from '../read/shared-reads.js';
import type { ItemPage, ItemReader } from './item-page.js';
import { readItems, toPage } from './item-page.js';
import { toBudgetError, withinBudget } from './scan-estimate.js';
import type { PartialPage } from './shard-pages.js';
import { readShardPages } from './shard-pages.js';

/** Limits that calls have unless they say otherwise. */
export interface ReadDefaults {
  readonly defaultPageRows: number;
  readonly scanBudgetRows: number;
  /** Time limit of a call without a deadline. */
  readonly requestTimeoutMs: number;
}

type PartialOptions = ReadOptions<boolean> & MissingShardsOption;

/** Read of a page. */
interface PageRead extends RowRead {
  readonly plan: PagePlan;
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

  async find(params?: object, options?: PartialOptions): Promise<Reported<Page<object>, MissingShards>> {
    const { definition } = this;
    const operation = `${definition.name}.find`;
    this.#sql.checkOpen(operation, options, PARTIAL_READ_OPTIONS);
    const missingShards = options?.missingShards;
    const plan = planPage(definition, params, operation, this.defaults.defaultPageRows, missingShards);
    const startedAt = performance.now();
    const budget = scanBudgetOf(plan, this.defaults.scanBudgetRows);
    const read = { plan, limit: plan.limit + 1, budget };
    const query = planRows(read);
    const shards = allowsMissing(options) ? shardsNear(this.#sql, plan) : undefined;
    if (shards) {
      const { missing, ...page } = await this.#readShardPages(operation, read, query, shards, options);
      const toOutput = (row: Row) => toOutputRow(definition, row, options?.exact ?? false, plan);
      const rows = page.items.map(toOutput);
      return reported(toPage(plan, page, startedAt, rows, page.items.at(-1), missing), options, missing);
    }
    const reader = this.#readerOf(plan, options);
    const form = [reader.selectList, plan.instants, options?.exact ?? false];
    const text = JSON.stringify([query.sql, query.params, query.settings, plan.count, form]);
    const order = plan.order.fields;
    const sql = sqlNear(this.#sql, plan);
    const page = await this.#pages.run(text, operation, options, (limits, callers) =>
      this.#readPage(sql, operation, read, limits, {
        read: (arrived) =>
          ArrivedBlocks.read({ reader, definition, order, callers }, (arrive) =>
            this.#read(sql, operation, read, query, limits, (block) => {
              if (isLarge(read)) arrived(block.rowCount);
              return arrive(block);
            }),
          ),
        countOf: (blocks) => blocks.rowCount,
      }),
    );
    const { items, count } = page;
    const rows = items.takeRows(count);
    const missing = shardsOfEarlierPages(plan);
    return reported(toPage(plan, page, startedAt, rows, items.orderOf(count - 1), missing), options, missing);
  }

  /** Reads rows in canonical form from each shard by itself. */
  #readShardPages(
    operation: string,
    read: PageRead,
    query: PlannedQuery,
    shards: ShardSelection,
    options: CallOptions | undefined,
  ): Promise<PartialPage<Row>> {
    const { plan } = read;
    const rowsOf = this.#canonicalRowsOf(plan);
    const keyRowOf = (row: Row) => row;
    return readShardPages(shards, plan, keyRowOf, (shard) => {
      const sql = this.#sql.shard(shard);
      return this.#readPage(sql, operation, read, options, {
        read: async () => (await this.#read(sql, operation, read, query, options, rowsOf)).flat(),
        countOf: (rows) => rows.length,
      });
    });
  }

  #readPage<T>(
    sql: Sql,
    operation: string,
    { plan, budget }: PageRead,
    options: CallOptions | undefined,
    reader: Pick<ItemReader<T>, 'read' | 'countOf'>,
  ): Promise<ItemPage<T>> {
    const count = `SELECT count() AS count FROM ${this.definition.table} FINAL`;
    return withinBudget(sql, operation, plan, budget, options, () =>
      readItems(sql, operation, plan, options, {
        ...reader,
        count,
        timeoutMs: this.defaults.requestTimeoutMs,
      }),
    );
  }

  /** Returns a function that returns the rows of a block, with the fields that a read needs. */
  #canonicalRowsOf(plan: QueryPlan): (block: DecodedBlock) => Row[] {
    const names = fieldsOf(plan);
    return (block) => canonicalRows([{ block, from: 0, to: block.rowCount }], this.definition, names);
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

  async columns(params?: object, options?: PartialOptions): Promise<Reported<AnyColumns, MissingShards>> {
    const operation = `${this.definition.name}.columns`;
    this.#sql.checkOpen(operation, options, PARTIAL_READ_OPTIONS);
    const plan = planColumns(this.definition, params, operation);
    const budget = plan.maxScanRows ?? this.defaults.scanBudgetRows;
    const read = { plan, limit: plan.limit, budget };
    const query = planRows(read);
    const reader = this.#readerOf(plan, options);
    const blocksAt = <T>(sql: Sql, convert: (block: DecodedBlock) => T) =>
      withinBudget(sql, operation, plan, budget, options, () =>
        this.#read(sql, operation, read, query, options, convert),
      );
    const shards = allowsMissing(options) ? shardsNear(this.#sql, plan) : undefined;
    if (!shards) {
      const blocks = await blocksAt(sqlNear(this.#sql, plan), reader.converter(plan.limit ?? 0));
      return reported(reader.columns(blocks), options);
    }
    const { answers, missing } = await readShards(shards, (shard) =>
      blocksAt(this.#sql.shard(shard), (block) => block),
    );
    const blocks = answers.flat();
    if (answers.length < 2) return reported(reader.columns(blocks), options, missing);
    const rows = blocks.flatMap(this.#canonicalRowsOf(plan)).sort(rowComparison(plan.order));
    const shown = rows.slice(0, plan.limit);
    const columns = columnsOfRows(this.definition, plan.select, shown, options?.exact ?? false);
    return reported(columns, options, missing);
  }

  #readerOf({ select, instants }: QueryPlan, options: ReadOptions<boolean> | undefined): RecordReader {
    return recordReader(this.definition, { select, instants, exact: options?.exact });
  }

  /** Reads rows, again in a cheaper way where the query runs out of time or memory. */
  #read<T>(
    sql: Sql,
    operation: string,
    read: RowRead,
    query: PlannedQuery,
    options: CallOptions | undefined,
    convert: (block: DecodedBlock) => T,
  ): Promise<T[]> {
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
