import type { PreparedRow, Rounding, RowError, RowKeys } from '@quantumtrade/dal-domain';
import type {
  Allocate,
  BlockColumns,
  ColumnPool,
  FinishedColumns,
  KeyedRows,
  RefusedRow,
} from './block-columns.js';
import type { ColumnInput, ColumnSources, Constants, InputPlan } from './inputs.js';
import type { RowsOfShard, ShardSplitter } from './row-splitters.js';
import { MonthSplitter } from './row-splitters.js';

/** The body of one insert: rows of one partition of one shard. */
export interface NativeBlock extends FinishedColumns {
  /** The month of every row's `timestamp`, counted from the year 0; 0 for a table without one. */
  readonly month: number;
  /** The shard of every row; 1 where there are no shards. */
  readonly shard: number;
  /** The columns that were asked for. */
  readonly keyedRows?: KeyedRows;
}

export interface FinishOptions {
  /** @default fresh memory */
  readonly allocate?: Allocate;
  /** Columns that are kept as `keyedRows`. @default none */
  readonly keyColumns?: readonly string[];
}

export interface RowOptions {
  /** Canonical values of fields that are the same in all rows; those of the rows are not read. */
  readonly constants?: Constants;
  /** First row. @default 0 */
  readonly from?: number | undefined;
  /** The row behind the last one. @default the number of rows */
  readonly to?: number | undefined;
  /** Refuses rows that have keys beyond the record's fields. @default keys are not checked */
  readonly keys?: RowKeys | undefined;
  /** Lets decimal strings be rounded. */
  readonly rounding?: Rounding | undefined;
}

export interface ColumnOptions extends Omit<RowOptions, 'keys'> {
  /** Version of all rows, for a table that has versions. */
  readonly version?: bigint;
}

/** Row objects, and the check of their keys. */
interface GivenRows {
  readonly rows: readonly unknown[];
  readonly keys: RowKeys | undefined;
}

/** The inputs of one batch and how its rows are checked. */
interface BatchSource {
  readonly inputs: readonly ColumnInput[];
  /** Number of the batch, counted from 0 since the builder began anew. */
  readonly batch: number;
  readonly rounding: Rounding | undefined;
  /** The row objects; undefined for columns and for rows that the domain has checked. */
  readonly given: GivenRows | undefined;
}

/** Few enough that row objects stay in the processor's cache while their columns are written one after the other. */
const ROWS_OF_SLICE = 1_024;
/** Slices of rows in about a millisecond. */
const SLICES_OF_STEP = 8;
/** Columns gain nothing from small slices. A slice takes about a millisecond. */
const COLUMN_ROWS_OF_SLICE = 16_384;

/** The field by whose month rows are partitioned. */
const PARTITIONED_BY = 'timestamp';

/** A block under construction. */
interface OpenBlock {
  readonly month: number;
  readonly shard: number;
  readonly columns: BlockColumns;
}

/** More than a cluster has. */
const MAX_SHARDS = 2 ** 20;

/** Collects the rows of one or many batches into one block for each month, and for each shard. */
export class BlockBuilder {
  readonly #plan: InputPlan;
  readonly #pool: ColumnPool;
  /** By month and shard. */
  readonly #open = new Map<number, OpenBlock>();
  readonly #months: MonthSplitter;
  readonly #shards: ShardSplitter | undefined;
  #selection = new Uint32Array();
  #batchCount = 0;

  /** @param shards @default there is one shard */
  constructor(plan: InputPlan, pool: ColumnPool, shards?: ShardSplitter) {
    this.#plan = plan;
    this.#pool = pool;
    this.#shards = shards;
    this.#months = new MonthSplitter(plan.fields.findIndex(([name]) => name === PARTITIONED_BY));
  }

  get rowCount(): number {
    let count = 0;
    for (const { columns } of this.#open.values()) count += columns.rowCount;
    return count;
  }

  /** Size of all blocks if they were finished now. */
  get byteLength(): number {
    let size = 0;
    for (const { columns } of this.#open.values()) size += columns.byteLength;
    return size;
  }

  /** Appends the row objects that are right. Until it is complete, nothing else may be done with the builder. */
  appendRows(rows: readonly unknown[], options: RowOptions = {}): BatchAppend {
    const { constants = {}, from = 0, to = rows.length, keys, rounding } = options;
    const inputs = this.#plan.ofRows(rows, constants);
    return this.#begin(inputs, from, Math.min(to, rows.length), rounding, { rows, keys });
  }

  /** Appends rows that the domain has checked. */
  appendCanonicalRows(rows: readonly PreparedRow[], from = 0, to = rows.length): BatchAppend {
    return this.#begin(this.#plan.ofCanonicalRows(rows), from, Math.min(to, rows.length), undefined);
  }

  /**
   * Appends the rows that are held as columns and are right. Throws `ValidationError`, and appends nothing, if a constant is
   * wrong, a field is neither a column nor a constant, or a column is not as long as the others.
   */
  appendColumns(columns: ColumnSources, options: ColumnOptions = {}): BatchAppend {
    const { constants = {}, version, from = 0, rounding } = options;
    const { inputs, rowCount } = this.#plan.ofColumns(columns, constants, version, rounding);
    return this.#begin(inputs, from, Math.min(options.to ?? rowCount, rowCount), rounding);
  }

  #begin(
    inputs: readonly ColumnInput[],
    from: number,
    to: number,
    rounding: Rounding | undefined,
    given?: GivenRows,
  ): BatchAppend {
    return new BatchAppend(this, { inputs, batch: this.#batchCount++, rounding, given }, from, to);
  }

  /** Appends the rows `start` up to `end`, adds the errors of the others and returns in how many rows a decimal was rounded. */
  appendSlice(
    { inputs, batch, rounding, given }: BatchSource,
    start: number,
    end: number,
    errors: RowError[],
  ): number {
    const refused: RowError[] = [];
    if (end - start > this.#selection.length) this.#selection = new Uint32Array(end - start);
    const selection = given ? this.#select(given, start, end, refused) : this.#selectAll(start, end);
    const refusedByColumns: RefusedRow[] = [];
    let roundedCount = 0;
    if (selection.length > 0) {
      for (const rows of this.#months.split(inputs, selection)) {
        for (const part of this.#shards?.split(rows) ?? [{ ...rows, shard: 1 }]) {
          const { columns } = this.#blockOf(part);
          roundedCount += columns.append(part.inputs, part.selection, batch, refusedByColumns, rounding);
        }
      }
    }
    for (const { column, index, reason } of refusedByColumns) {
      const { field = this.#plan.fields[column]![0], reason: first = reason } =
        given?.keys?.refusal(given.rows[index]) ?? {};
      refused.push({ index, field, reason: first });
    }
    if (refused.length > 0) for (const error of refused.sort((a, b) => a.index - b.index)) errors.push(error);
    return roundedCount;
  }

  #blockOf({ month, shard }: RowsOfShard): OpenBlock {
    const key = month * MAX_SHARDS + shard;
    let block = this.#open.get(key);
    if (!block) this.#open.set(key, (block = { month, shard, columns: this.#pool.take() }));
    return block;
  }

  #selectAll(from: number, to: number): Uint32Array {
    const selection = this.#selection;
    for (let index = from; index < to; index++) selection[index - from] = index;
    return selection.subarray(0, to - from);
  }

  /** Returns the positions `from` up to `to`, without those of rows that are no objects or have keys of no field. */
  #select({ rows, keys }: GivenRows, from: number, to: number, errors: RowError[]): Uint32Array {
    const selection = this.#selection;
    const { table } = this.#plan.definition;
    let count = 0;
    for (let index = from; index < to; index++) {
      try {
        for (; index < to; index++) {
          const row = rows[index];
          if (typeof row !== 'object' || row === null) {
            errors.push({ index, field: table, reason: 'must be an object' });
            continue;
          }
          const refusal = keys?.mayHaveUnknown(row) ? keys.refusal(row) : undefined;
          if (refusal === undefined) selection[count++] = index;
          else errors.push({ index, ...refusal });
        }
      } catch {
        errors.push({ index, field: table, reason: 'cannot be read' });
      }
    }
    return selection.subarray(0, count);
  }

  /** Returns the blocks, in the order in which their months appeared. The builder starts anew. */
  finish({ allocate = allocateFresh, keyColumns }: FinishOptions = {}): NativeBlock[] {
    const blocks: NativeBlock[] = [];
    for (const { month, shard, columns } of this.#open.values()) {
      const keyedRows = keyColumns && columns.keyedRows(keyColumns);
      const finished = columns.finish(allocate);
      if (finished.rowCount > 0) blocks.push({ month, shard, ...finished, ...(keyedRows && { keyedRows }) });
      this.#pool.giveBack(columns, finished.bytes.length);
    }
    this.#open.clear();
    this.#batchCount = 0;
    return blocks;
  }
}

const allocateFresh: Allocate = (byteLength) => Buffer.allocUnsafeSlow(byteLength);

/** The append of one batch, done a little at a time. */
export class BatchAppend {
  /** Rows of the batch. */
  readonly given: number;
  /** Refused rows, in order, by position in the batch. */
  readonly errors: RowError[] = [];
  /** Accepted rows in which a decimal was rounded. */
  roundedCount = 0;
  readonly #builder: BlockBuilder;
  readonly #source: BatchSource;
  #next: number;
  readonly #to: number;

  constructor(builder: BlockBuilder, source: BatchSource, from: number, to: number) {
    this.given = Math.max(to - from, 0);
    this.#builder = builder;
    this.#source = source;
    this.#next = from;
    this.#to = to;
  }

  /** Appends rows for about a millisecond. Returns whether rows are left. */
  step(): boolean {
    const { given } = this.#source;
    const slices = given ? SLICES_OF_STEP : 1;
    for (let n = 0; n < slices && this.#next < this.#to; n++) {
      const end = Math.min(this.#next + (given ? ROWS_OF_SLICE : COLUMN_ROWS_OF_SLICE), this.#to);
      this.roundedCount += this.#builder.appendSlice(this.#source, this.#next, end, this.errors);
      this.#next = end;
    }
    return this.#next < this.#to;
  }

  /** Appends all rows. */
  complete(): this {
    while (this.step());
    return this;
  }
}
