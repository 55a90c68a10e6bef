import type { RecordDefinition } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { NativeColumn } from '../codec/read/column.js';

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

function hasEqualNeighbours([first, ...others]: readonly NativeColumn[], rows: number): boolean {
  let last = first!.at(0);
  for (let row = 1; row < rows; row++) {
    const value = first!.at(row);
    if (value === last && others.every((column) => column.at(row) === column.at(row - 1))) return true;
    last = value;
  }
  return false;
}
