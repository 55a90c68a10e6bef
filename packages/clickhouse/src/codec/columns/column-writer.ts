import type { Canonical, Field } from '@quantumtrade/dal-domain';
import { toCanonicalField, Invalid } from '@quantumtrade/dal-domain';

/** Told which row is refused and why. */
export type Refuse = (index: number, reason: string) => void;

/**
 * One column of a block under construction. Checking a value and writing it are one step: a value of the usual form is
 * recognised and written at once, any other is judged by the domain's `toCanonicalField`, so that there is one verdict.
 *
 * Rows are written in order. A refused value leaves its row undefined; the block then goes back to the last mark.
 */
export abstract class ColumnWriter {
  /** The ClickHouse type that the block announces; the server casts it to the table's. */
  abstract readonly type: string;
  readonly #field: Field;
  #roundedRows: Set<number> | undefined;

  constructor(field: Field) {
    this.#field = field;
  }

  /** Makes room for this many rows in all. */
  abstract reserve(rows: number): void;

  /** Checks a value as a caller gives it and writes it as that row. Returns why it is refused, if it is. */
  abstract put(value: unknown, row: number): string | undefined;

  /** Writes a value that is canonical already; null where the field is nullable. */
  abstract store(value: Canonical | null, row: number): void;

  /** Writes one canonical value as the rows `from` up to `to`. */
  fill(value: Canonical | null, from: number, to: number): void {
    for (let row = from; row < to; row++) this.store(value, row);
  }

  /** Remembers where the column ends, for {@link rollback}. Columns of fixed width need not: their row is the place. */
  mark(): void {}

  /** Forgets what was written since the last {@link mark}. */
  rollback(): void {}

  /** Size of the column on the wire. */
  abstract byteLength(rows: number): number;

  /** Copies the column to its place in the block. */
  abstract writeTo(target: Buffer, offset: number, rows: number): void;

  /** Empties the column and keeps its memory. */
  clear(): void {}

  /** Lets decimal strings be rounded from now on, and adds the rows for which that was needed; or no longer. */
  allowRounding(roundedRows: Set<number> | undefined): void {
    this.#roundedRows = roundedRows;
  }

  /** The long way, for values of an unusual form. */
  protected judge(value: unknown, row: number): string | undefined {
    let canonical = toCanonicalField(this.#field, value);
    if (canonical instanceof Invalid && this.#roundedRows) {
      canonical = toCanonicalField(this.#field, value, 'half-even');
      if (!(canonical instanceof Invalid)) this.#roundedRows.add(row);
    }
    if (canonical instanceof Invalid) return canonical.reason;
    this.store(canonical, row);
    return undefined;
  }
}
