import { InstantWriter } from './columns/integers.js';
import type { ColumnInput, VaryingInput } from './inputs.js';

/** One month: counted from the year 0, and its instants in epoch milliseconds, the end excluded. */
interface Month {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** Rows of one month, and the inputs to read them from. */
interface RowsOfMonth {
  readonly month: number;
  readonly selection: Uint32Array;
  readonly inputs: readonly ColumnInput[];
}

const WITHOUT_MONTH = 0;

/** Splits rows by the month of their timestamp, which is their partition. */
export class MonthSplitter {
  readonly #position: number;
  /** The timestamps of the rows at hand. */
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
    const areRight = readTimestamps(input, selection, timestamps, 0);
    const { number, start, end } = this.#monthOf(timestamps.epochMs(0));
    if (!timestamps.lieWithin(start, end, selection.length)) return this.#byMonth(inputs, selection);
    const read = areRight ? inputs.with(this.#position, alreadyRead(timestamps, selection, input)) : inputs;
    return [{ month: number, selection, inputs: read }];
  }

  #byMonth(inputs: readonly ColumnInput[], selection: Uint32Array): RowsOfMonth[] {
    const groups = new Map<number, number[]>();
    selection.forEach((index, at) => {
      const month = this.#monthOf(this.#timestamps.epochMs(at)).number;
      const group = groups.get(month);
      if (group) group.push(index);
      else groups.set(month, [index]);
    });
    return Array.from(groups, ([month, group]) => ({ month, selection: Uint32Array.from(group), inputs }));
  }

  #monthOf(epochMs: number): Month {
    if (epochMs >= this.#month.start && epochMs < this.#month.end) return this.#month;
    const date = new Date(epochMs);
    const year = date.getUTCFullYear();
    const month = date.getUTCMonth();
    this.#month = {
      number: 12 * year + month,
      start: Date.UTC(year, month),
      end: Date.UTC(year, month + 1),
    };
    return this.#month;
  }
}

/** Reads the timestamps that are right and returns whether all are; the others stay as they were. */
function readTimestamps(
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
    selection.forEach((index, k) => readTimestamps(input, Uint32Array.of(index), timestamps, firstRow + k));
  }
  return areRight;
}

/** Returns timestamps of this selection in place of their input, which still serves for a part of the selection. */
function alreadyRead(timestamps: InstantWriter, selected: Uint32Array, input: VaryingInput): VaryingInput {
  return {
    source: timestamps,
    loop: (_, selection, column, firstRow, refuse) => {
      if (selection === selected) (column as InstantWriter).copy(timestamps, selection.length, firstRow);
      else input.loop(input.source, selection, column, firstRow, refuse);
    },
  };
}
