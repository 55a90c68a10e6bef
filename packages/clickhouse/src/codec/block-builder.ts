import type { Rounding, RowError, RowKeys } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import type { Allocate, FinishedColumns, RefuseRow } from './block-columns.js';
import { BlockColumns } from './block-columns.js';
import { InstantWriter } from './columns/instants.js';
import type { ColumnInput, ColumnSources, Constants, InputPlan, VaryingInput } from './input-plan.js';
import { Months } from './months.js';
import type { Steps } from './steps.js';

/** The body of one insert: rows of one partition. */
export interface EncodedBlock extends FinishedColumns {
  readonly rowCount: number;
  /** The month of every row's `timestamp`, counted from the year 0; 0 for a table without one. */
  readonly month: number;
}

export interface AppendOptions {
  /** Values of fields that are the same for all rows; the rows' own are not looked at. */
  readonly constants?: Constants;
  /** First row. Default is 0. */
  readonly from?: number;
  /** The row behind the last one. Default is the number of rows. */
  readonly to?: number;
  /** By which rows are refused that have keys beyond the record's fields. Default is that nobody looks. */
  readonly keys?: RowKeys | undefined;
  /** Lets decimal strings be rounded. */
  readonly rounding?: Rounding | undefined;
}

/** How many rows were looked at, and why some of them were refused, in order, by position in what was given. */
export interface AppendedRows {
  readonly given: number;
  /** Accepted rows in which a decimal was rounded. */
  readonly roundedCount: number;
  readonly errors: RowError[];
}

/** Row objects, and what their keys are checked by. */
interface GivenRows {
  readonly rows: readonly unknown[];
  readonly keys: RowKeys | undefined;
}

/** Some of the rows of a slice, and where their values are. */
interface RowsOfMonth {
  readonly month: number;
  readonly chosen: Uint32Array;
  readonly from: readonly ColumnInput[];
}

/** How many rows are taken at once, and how often that is about a millisecond's work. */
interface Slicing {
  readonly rows: number;
  readonly slicesOfAStep: number;
}

/** Few enough that row objects stay in the processor's cache while their columns are written one after the other. */
const OF_ROWS: Slicing = { rows: 1_024, slicesOfAStep: 8 };
/** Columns have nothing to gain from that, and each slice has its price. */
const OF_COLUMNS: Slicing = { rows: 16_384, slicesOfAStep: 1 };

const PARTITIONED_BY = 'timestamp';
const WITHOUT_MONTH = 0;
const INSTANT = { kind: 'instant' } as const;

/** Collects the rows of one or many batches into one block for each month. */
export class BlockBuilder {
  readonly #plan: InputPlan;
  readonly #pool: BlockPool;
  readonly #open = new Map<number, BlockColumns>();
  readonly #months = new Months();
  readonly #timestampPosition: number;
  /** The timestamps of the slice at hand. */
  readonly #timestamps = new InstantWriter(INSTANT);
  #selection = new Uint32Array(OF_ROWS.rows);
  #batchCount = 0;

  constructor(plan: InputPlan, pool: BlockPool) {
    this.#plan = plan;
    this.#pool = pool;
    this.#timestampPosition = plan.fields.findIndex(([name]) => name === PARTITIONED_BY);
    this.#timestamps.reserve(OF_ROWS.rows);
  }

  get rowCount(): number {
    return [...this.#open.values()].reduce((sum, columns) => sum + columns.rowCount, 0);
  }

  /** Size of all blocks if they were finished now. */
  get byteLength(): number {
    return [...this.#open.values()].reduce((sum, columns) => sum + columns.byteLength, 0);
  }

  /**
   * Appends the rows that are right. Throws `ValidationError` for a wrong constant; then nothing is appended. Between the
   * steps nothing else may be done with the builder.
   */
  appendRows(rows: readonly unknown[], options: AppendOptions = {}): Steps<AppendedRows> {
    const { constants = {}, from = 0, to = rows.length, keys, rounding } = options;
    const inputs = this.#plan.ofRows(rows, constants);
    return this.#append(inputs, from, Math.min(to, rows.length), rounding, { rows, keys });
  }

  /**
   * The same for rows that are held as columns. Throws `ValidationError` also if a field is neither a column nor a
   * constant, or a column is not as long as the others.
   */
  appendColumns(columns: ColumnSources, options: AppendOptions = {}): Steps<AppendedRows> {
    const { constants = {}, from = 0, rounding } = options;
    const { inputs, rowCount } = this.#plan.ofColumns(columns, constants, rounding);
    return this.#append(inputs, from, Math.min(options.to ?? rowCount, rowCount), rounding);
  }

  /** The blocks, in the order in which their months appeared. The builder starts anew. */
  finish(allocate: Allocate = (byteLength) => Buffer.allocUnsafeSlow(byteLength)): EncodedBlock[] {
    const blocks: EncodedBlock[] = [];
    for (const [month, columns] of this.#open) {
      const { rowCount } = columns;
      if (rowCount > 0) blocks.push({ month, rowCount, ...columns.finish(allocate) });
      this.#pool.giveBack(columns);
    }
    this.#open.clear();
    this.#batchCount = 0;
    return blocks;
  }

  *#append(
    inputs: readonly ColumnInput[],
    from: number,
    to: number,
    rounding: Rounding | undefined,
    given?: GivenRows,
  ): Steps<AppendedRows> {
    const errors: RowError[] = [];
    let roundedCount = 0;
    const { rows: slice, slicesOfAStep } = given ? OF_ROWS : OF_COLUMNS;
    for (let start = from, slices = 0; start < to; start += slice, slices++) {
      if (slices === slicesOfAStep) {
        slices = 0;
        yield;
      }
      const refused: RowError[] = [];
      const end = Math.min(start + slice, to);
      const selection = given ? this.#select(given, start, end, refused) : this.#selectAll(start, end);
      for (const { month, chosen, from: sources } of this.#byMonth(inputs, selection)) {
        const refuse: RefuseRow = (column, index, reason) => {
          const { field = this.#plan.fields[column]![0], reason: first = reason } =
            given?.keys?.refusal(given.rows[index]) ?? {};
          refused.push({ index, field, reason: first });
        };
        roundedCount += this.#columnsOf(month).append(sources, chosen, this.#batchCount, refuse, rounding);
      }
      for (const error of refused.sort((a, b) => a.index - b.index)) errors.push(error);
    }
    this.#batchCount++;
    return { given: to - from, errors, roundedCount };
  }

  #selectAll(from: number, to: number): Uint32Array {
    this.#makeRoom(to - from);
    const selection = this.#selection;
    for (let index = from; index < to; index++) selection[index - from] = index;
    return selection.subarray(0, to - from);
  }

  /** The positions `from` up to `to`, without those of rows that are no objects or have keys of no field. */
  #select({ rows, keys }: GivenRows, from: number, to: number, errors: RowError[]): Uint32Array {
    this.#makeRoom(to - from);
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
          const refusal = keys?.hasMore(row) ? keys.refusal(row) : undefined;
          if (refusal === undefined) selection[count++] = index;
          else errors.push({ index, ...refusal });
        }
      } catch {
        errors.push({ index, field: table, reason: 'cannot be read' });
      }
    }
    return selection.subarray(0, count);
  }

  #makeRoom(rows: number): void {
    if (rows <= this.#selection.length) return;
    this.#selection = new Uint32Array(rows);
    this.#timestamps.reserve(rows);
  }

  /** Rows whose timestamp is wrong may come under any month: their column refuses them. */
  #byMonth(inputs: readonly ColumnInput[], selection: Uint32Array): Iterable<RowsOfMonth> {
    const input = inputs[this.#timestampPosition];
    if (!input) return [{ month: WITHOUT_MONTH, chosen: selection, from: inputs }];
    if ('constant' in input) {
      return [{ month: this.#months.of(input.constant as number).number, chosen: selection, from: inputs }];
    }
    const timestamps = this.#timestamps;
    timestamps.fill(0, 0, selection.length);
    const areRight = timestampsOf(input, selection, timestamps, 0);
    const first = this.#months.of(timestamps.epochMs(0));
    if (timestamps.lieWithin(first.start, first.end, selection.length)) {
      const from = areRight
        ? inputs.with(this.#timestampPosition, alreadyRead(timestamps, selection, input))
        : inputs;
      return [{ month: first.number, chosen: selection, from }];
    }
    const groups = new Map<number, number[]>();
    selection.forEach((index, at) => {
      const month = this.#months.of(timestamps.epochMs(at)).number;
      const group = groups.get(month);
      if (group) group.push(index);
      else groups.set(month, [index]);
    });
    return Array.from(groups, ([month, group]) => ({ month, chosen: Uint32Array.from(group), from: inputs }));
  }

  #columnsOf(month: number): BlockColumns {
    let columns = this.#open.get(month);
    if (!columns) this.#open.set(month, (columns = this.#pool.take()));
    return columns;
  }
}

/** Reads the timestamps that are right, and tells whether all are; the others stay as they were. */
function timestampsOf(
  input: VaryingInput,
  selection: Uint32Array,
  timestamps: InstantWriter,
  firstRow: number,
): boolean {
  let areRight = true;
  try {
    input.loop(input.source, selection, timestamps, firstRow, () => (areRight = false));
  } catch {
    areRight = false;
    if (selection.length === 1) return false;
    selection.forEach((index, k) => timestampsOf(input, Uint32Array.of(index), timestamps, firstRow + k));
  }
  return areRight;
}

/** Timestamps of this selection in place of where they came from, which still serves for a part of it. */
function alreadyRead(timestamps: InstantWriter, selected: Uint32Array, input: VaryingInput): VaryingInput {
  return {
    source: timestamps,
    loop: (_, selection, column, firstRow, refuse) => {
      if (selection === selected) (column as InstantWriter).copy(timestamps, selection.length, firstRow);
      else input.loop(input.source, selection, column, firstRow, refuse);
    },
  };
}

/** The most bytes of a block whose memory is kept for the next, and how many are kept. */
const KEPT_BYTES = 64 * 2 ** 20;
const KEPT_BLOCKS = 4;

/** Memory of blocks that were finished, for the next ones: fresh memory costs more than writing to it. */
export class BlockPool {
  readonly #fields: InputPlan['fields'];
  readonly #free: BlockColumns[] = [];

  constructor(plan: InputPlan) {
    this.#fields = plan.fields;
  }

  take(): BlockColumns {
    return this.#free.pop() ?? new BlockColumns(this.#fields.map(([name, field]) => [columnOf(name), field]));
  }

  giveBack(columns: BlockColumns): void {
    const { byteLength } = columns;
    if (this.#free.length >= KEPT_BLOCKS || byteLength > KEPT_BYTES) return;
    columns.clear();
    this.#free.push(columns);
  }
}
