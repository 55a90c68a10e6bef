import type { RecordDefinition } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { NativeColumn } from '../codec/read/column.js';
import { InstantColumn, Int64Numbers } from '../codec/read/column.js';

/** Finds out whether a key comes twice in rows that are ordered by it. */
export class RepeatedKeys {
  isFound = false;
  /** Columns of the key; those that mostly differ come first. */
  readonly #columns: readonly string[];
  #previous: readonly NativeColumn[] | undefined;

  constructor({ key, fields }: RecordDefinition) {
    const isInstant = (name: string) => fields[name]!.kind === 'instant';
    this.#columns = [...key.filter(isInstant), ...key.filter((name) => !isInstant(name))].map(columnOf);
  }

  /** Compares the rows of the next block with each other, and its first row with the one before. */
  check(block: DecodedBlock): void {
    if (this.isFound || block.rowCount === 0) return;
    const columns = this.#columns.map((name) => block.column(name));
    const previous = this.#previous;
    this.#previous = columns;
    this.isFound =
      hasEqualNeighbours(columns, block.rowCount) ||
      (previous?.every((column, i) => column.at(column.length - 1) === columns[i]!.at(0)) ?? false);
  }
}

/** The first column mostly differs, so the others are rarely looked at. */
function hasEqualNeighbours([first, ...others]: readonly NativeColumn[], rows: number): boolean {
  const next = nextRepeat(first!, rows);
  for (let row = next(1); row < rows; row = next(row + 1)) {
    if (others.every((column) => column.at(row) === column.at(row - 1))) return true;
  }
  return false;
}

/** Returns what finds the next row, from a given one on, that has the value of the row before it. */
function nextRepeat(column: NativeColumn, rows: number): (from: number) => number {
  if (column instanceof InstantColumn && column.values instanceof Int64Numbers) {
    const { halves } = column.values;
    return (from) => nextRepeatOf(halves, from, rows);
  }
  return (from) => {
    let row = from;
    while (row < rows && column.at(row) !== column.at(row - 1)) row++;
    return row;
  };
}

function nextRepeatOf(halves: Int32Array, from: number, rows: number): number {
  let row = from;
  for (let at = 2 * row; row < rows; row++, at += 2) {
    if (halves[at] === halves[at - 2] && halves[at + 1] === halves[at - 1]) break;
  }
  return row;
}
