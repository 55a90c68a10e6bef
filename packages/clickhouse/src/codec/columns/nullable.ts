import type { Canonical, Field } from '@quantumtrade/dal-domain';
import { ColumnWriter } from './column-writer.js';

/**
 * `Nullable(T)`: a byte for each row, 1 where there is no value, then a column of T with any value in those rows.
 * `null` and `undefined` both mean no value.
 */
export class NullableWriter extends ColumnWriter {
  readonly type: string;
  readonly #values: ColumnWriter;
  readonly #filler: Canonical;
  #absent = new Uint8Array();

  constructor(field: Field, values: ColumnWriter, filler: Canonical) {
    super(field);
    this.type = `Nullable(${values.type})`;
    this.#values = values;
    this.#filler = filler;
  }

  reserve(rows: number): void {
    this.#values.reserve(rows);
    if (rows <= this.#absent.length) return;
    const grown = new Uint8Array(Math.max(rows, 2 * this.#absent.length));
    grown.set(this.#absent);
    this.#absent = grown;
  }

  put(value: unknown, row: number): string | undefined {
    if (value === null || value === undefined) {
      this.#absent[row] = 1;
      this.#values.store(this.#filler, row);
      return undefined;
    }
    this.#absent[row] = 0;
    return this.#values.put(value, row);
  }

  store(value: Canonical | null, row: number): void {
    this.#absent[row] = value === null ? 1 : 0;
    this.#values.store(value ?? this.#filler, row);
  }

  override allowRounding(roundedRows: Set<number> | undefined): void {
    this.#values.allowRounding(roundedRows);
  }

  override mark(): void {
    this.#values.mark();
  }

  override rollback(): void {
    this.#values.rollback();
  }

  byteLength(rows: number): number {
    return rows + this.#values.byteLength(rows);
  }

  writeTo(target: Buffer, offset: number, rows: number): void {
    target.set(this.#absent.subarray(0, rows), offset);
    this.#values.writeTo(target, offset + rows, rows);
  }

  override clear(): void {
    this.#values.clear();
  }
}
