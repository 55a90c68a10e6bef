import type { ColumnWriter } from './columns/column-writer.js';
import { InstantWriter } from './columns/integers.js';
import type { ColumnInput, VaryingInput } from './inputs.js';
import type { TableField } from './kinds.js';
import { createColumnWriter } from './kinds.js';
import type { RowLoop } from './row-loops.js';

/** Returns the month of an instant, counted from the year 0. */
export const monthAt = (epochMs: number): number => {
  const date = new Date(epochMs);
  return 12 * date.getUTCFullYear() + date.getUTCMonth();
};

/** One month: counted from the year 0, and its instants in epoch milliseconds, the end excluded. */
interface Month {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** Rows of one month, and the inputs to read them from. */
export interface RowsOfMonth {
  readonly month: number;
  readonly selection: Uint32Array;
  readonly inputs: readonly ColumnInput[];
}

const WITHOUT_MONTH = 0;

/** Splits rows by the month of their timestamp, which is their partition. */
export class MonthSplitter {
  readonly #position: number;
  /** The timestamps of the rows being appended. */
  readonly #timestamps = new InstantWriter({ kind: 'instant' });
  /** The month of the last instant: instants come in runs. */
  #month: Month = { number: NaN, start: Infinity, end: -Infinity };

  /** `position` is that of the timestamp among the fields; -1 for a table without one, which has one partition. */
  constructor(position: number) {
    this.#position = position;
  }

  /** Splits the selected rows. Rows with a wrong timestamp come under any month: their column refuses them. */
  split(inputs: readonly ColumnInput[], selection: Uint32Array): RowsOfMonth[] {
    const input = inputs[this.#position];
    if (!input) return [{ month: WITHOUT_MONTH, selection, inputs }];
    if ('constant' in input) {
      return [{ month: this.#monthOf(input.constant as number).number, selection, inputs }];
    }
    const timestamps = this.#timestamps;
    timestamps.zero(selection.length);
    const areRight = readValues(input, selection, timestamps, 0);
    const { number, start, end } = this.#monthOf(timestamps.epochMs(0));
    if (selection.length > 1 && !timestamps.lieWithin(start, end, selection.length))
      return this.#byMonth(inputs, selection);
    if (!areRight) return [{ month: number, selection, inputs }];
    const read = { source: { timestamps, selection, input }, loop: alreadyReadLoop };
    return [{ month: number, selection, inputs: inputs.with(this.#position, read) }];
  }

  #byMonth(inputs: readonly ColumnInput[], selection: Uint32Array): RowsOfMonth[] {
    const groups = groupBy(selection, (at) => this.#monthOf(this.#timestamps.epochMs(at)).number);
    return Array.from(groups, ([month, group]) => ({ month, selection: group, inputs }));
  }

  #monthOf(epochMs: number): Month {
    if (epochMs >= this.#month.start && epochMs < this.#month.end) return this.#month;
    const date = new Date(epochMs);
    const year = date.getUTCFullYear();
    const month = date.getUTCMonth();
    this.#month = {
      number: monthAt(epochMs),
      start: Date.UTC(year, month),
      end: Date.UTC(year, month + 1),
    };
    return this.#month;
  }
}

/** Rows of one month and one shard. */
export interface RowsOfShard extends RowsOfMonth {
  readonly shard: number;
}

/** Returns the shard of the rows that have a value in a month, which is counted from the year 0. */
export type ShardOf = (value: string, month: number) => number;

/** Splits the rows of a month by the shard on which they are stored. */
export class ShardSplitter {
  readonly #position: number;
  readonly #shardOf: ShardOf;
  readonly #column: ColumnWriter;

  /** @param position that of the field among the fields by whose value rows are spread */
  constructor(position: number, field: TableField, shardOf: ShardOf) {
    this.#position = position;
    this.#shardOf = shardOf;
    this.#column = createColumnWriter(field, { rows: undefined });
  }

  /** Rows with a wrong value come under any shard: their column refuses them. */
  split(rows: RowsOfMonth): RowsOfShard[] {
    const { inputs, month, selection } = rows;
    const input = inputs[this.#position]!;
    if ('constant' in input) return [{ ...rows, shard: this.#shardOf(String(input.constant), month) }];
    const column = this.#column;
    column.clear();
    column.reserve(selection.length);
    readValues(input, selection, column, 0);
    const values = column.values(selection.length);
    const groups = groupBy(selection, (at) => this.#shardOf(String(values.at(at)), month));
    return Array.from(groups, ([shard, group]) => ({ month, shard, inputs, selection: group }));
  }
}

/** Groups selected rows by a number that follows from the position in the selection. */
function groupBy(selection: Uint32Array, groupOf: (at: number) => number): Map<number, Uint32Array> {
  const groups = new Map<number, number[]>();
  selection.forEach((index, at) => {
    const number = groupOf(at);
    const group = groups.get(number);
    if (group) group.push(index);
    else groups.set(number, [index]);
  });
  return new Map(Array.from(groups, ([number, group]) => [number, Uint32Array.from(group)]));
}

/** Reads the values of one column that are right and returns whether all are; the others stay as they were. */
function readValues(
  input: VaryingInput,
  selection: Uint32Array,
  column: ColumnWriter,
  firstRow: number,
): boolean {
  let areRight = true;
  try {
    input.loop(input.source, selection, column, firstRow, () => (areRight = false));
  } catch {
    areRight = false;
    if (selection.length === 1) return false;
    selection.forEach((index, k) => readValues(input, Uint32Array.of(index), column, firstRow + k));
  }
  return areRight;
}

/** Timestamps of a selection, and the input that they were read from. */
interface ReadTimestamps {
  readonly timestamps: InstantWriter;
  readonly selection: Uint32Array;
  readonly input: VaryingInput;
}

/** Copies timestamps that are read. Their input still serves for a part of the selection. */
const alreadyReadLoop: RowLoop = (source, selection, column, firstRow, refuse) => {
  const { timestamps, selection: selected, input } = source as ReadTimestamps;
  if (selection === selected) (column as InstantWriter).copy(timestamps, selection.length, firstRow);
  else input.loop(input.source, selection, column, firstRow, refuse);
};
