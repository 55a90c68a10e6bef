import type { Canonical, Field } from '@quantumtrade/dal-domain';
import { Invalid, toCanonicalField } from '@quantumtrade/dal-domain';

/** Reports a refused row and the reason. */
export type Refuse = (index: number, reason: string) => void;

/** Values of a column by row. */
export interface ColumnValues {
  at(row: number): unknown;
}

/** Rows in which a decimal was rounded. Decimals with too many digits are refused while `rows` is undefined. */
export interface RoundedRows {
  rows: Set<number> | undefined;
}

/**
 * One column of a block under construction. A value is checked and written in one step: a value of the usual form is
 * written at once, any other is checked by the domain's `toCanonicalField`, so that there is one verdict.
 *
 * Rows are written in order. A refused value leaves its row undefined; the block then goes back to the last mark.
 */
export abstract class ColumnWriter {
  /** ClickHouse type that the block announces. The server casts it to the type of the table's column. */
  abstract readonly type: string;
  /** Bytes of a row on the wire; undefined where rows differ in size. */
  readonly bytesPerRow: number | undefined;
  readonly #field: Field;
  readonly #rounded: RoundedRows | undefined;

  constructor(field: Field, bytesPerRow: number | undefined, rounded?: RoundedRows) {
    this.#field = field;
    this.bytesPerRow = bytesPerRow;
    this.#rounded = rounded;
  }

  /** Allocates memory for this many rows in all. */
  abstract reserve(rows: number): void;

  /** Checks a value as a caller gives it and writes it as that row. Returns the reason if it is refused. */
  abstract put(value: unknown, row: number): string | undefined;

  /** Writes a canonical value; null where the field is nullable. */
  abstract store(value: Canonical | null, row: number): void;

  /** Writes one canonical value as the rows `from` up to `to`. */
  fill(value: Canonical | null, from: number, to: number): void {
    for (let row = from; row < to; row++) this.store(value, row);
  }

  /**
   * Remembers the end of the column for {@link rollback}. The mark of an empty column is its start. Called on columns whose
   * rows differ in size.
   */
  mark(): void {}

  /** Removes what was written since the last {@link mark}. */
  rollback(): void {}

  /** Returns the size of the column on the wire. Called on columns whose rows differ in size. */
  abstract byteLength(rows: number): number;

  /** Copies the column to its place in the block and returns the offset behind it. */
  abstract writeTo(target: Buffer, offset: number, rows: number): number;

  /** Returns the canonical values of the first rows, as a copy. */
  abstract values(rows: number): ColumnValues;

  /** Empties the column and keeps its memory. Called on columns whose rows differ in size. */
  clear(): void {}

  /** Checks and writes a value of an unusual form. */
  protected judge(value: unknown, row: number): string | undefined {
    let canonical = toCanonicalField(this.#field, value);
    const rounded = this.#rounded?.rows;
    if (canonical instanceof Invalid && rounded) {
      canonical = toCanonicalField(this.#field, value, 'half-even');
      if (!(canonical instanceof Invalid)) rounded.add(row);
    }
    if (canonical instanceof Invalid) return canonical.reason;
    this.store(canonical, row);
    return undefined;
  }
}
