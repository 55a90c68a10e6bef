import type { Canonical, Field } from '@quantumtrade/dal-domain';
import { isMapOfOwn } from '@quantumtrade/dal-domain';
import { Int64Numbers, NumberColumn } from '../read/column.js';
import { ArrayColumn, MapColumn } from '../read/nested-columns.js';
import type { ColumnValues } from './column-writer.js';
import { ColumnWriter } from './column-writer.js';
import { ACCEPTED_LENGTH } from './strings.js';
import { TextBuffer, textsOf } from './texts.js';

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
    super(field, values.bytesPerRow === undefined ? undefined : values.bytesPerRow + 1);
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

  override mark(): void {
    this.#values.mark();
  }

  override rollback(): void {
    this.#values.rollback();
  }

  byteLength(rows: number): number {
    return rows + this.#values.byteLength(rows);
  }

  writeTo(target: Buffer, offset: number, rows: number): number {
    target.set(this.#absent.subarray(0, rows), offset);
    return this.#values.writeTo(target, offset + rows, rows);
  }

  values(rows: number): ColumnValues {
    const absent = this.#absent.slice(0, rows);
    const values = this.#values.values(rows);
    return { at: (row) => (absent[row] ? null : values.at(row)) };
  }

  override clear(): void {
    this.#values.clear();
  }
}

/**
 * Ends of the items of each row in a column of lists: UInt64 counted from the first item of the block. A block has less
 * than 2^32 items, so the upper half is zero.
 */
class Ends {
  #halves = new Int32Array();

  reserve(rows: number): void {
    if (2 * rows <= this.#halves.length) return;
    const grown = new Int32Array(Math.max(2 * rows, 2 * this.#halves.length));
    grown.set(this.#halves);
    this.#halves = grown;
  }

  set(row: number, end: number): void {
    this.#halves[2 * row] = end;
  }

  writeTo(target: Buffer, offset: number, rows: number): void {
    target.set(new Uint8Array(this.#halves.buffer, 0, 8 * rows), offset);
  }

  values(rows: number): Int64Numbers {
    return new Int64Numbers(this.#halves.slice(0, 2 * rows));
  }
}

/** A column of lists: the ends of the items of each row, then the items, which are or have texts. */
abstract class ListWriter extends ColumnWriter {
  protected readonly ends = new Ends();
  protected readonly texts = new TextBuffer();
  /** Number of items in all rows. */
  protected count = 0;
  #marked = { length: 0, count: 0 };

  constructor(field: Field) {
    super(field, undefined);
  }

  reserve(rows: number): void {
    this.ends.reserve(rows);
  }

  override mark(): void {
    this.#marked = { length: this.texts.length, count: this.count };
  }

  override rollback(): void {
    this.texts.length = this.#marked.length;
    this.count = this.#marked.count;
  }

  override clear(): void {
    this.texts.length = 0;
    this.count = 0;
    this.#marked = { length: 0, count: 0 };
  }
}

/** `Array(String)`: where the items of each row end, then the items of all rows as `String`. */
export class TextsWriter extends ListWriter {
  readonly type = 'Array(String)';

  put(value: unknown, row: number): string | undefined {
    if (!Array.isArray(value)) return this.judge(value, row);
    const { length } = this.texts;
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item !== 'string' || item.length > ACCEPTED_LENGTH || !this.texts.push(item)) {
        this.texts.length = length;
        return this.judge(value, row);
      }
    }
    this.#end(value.length, row);
    return undefined;
  }

  store(value: Canonical, row: number): void {
    const items = value as readonly string[];
    for (const item of items) this.texts.push(item);
    this.#end(items.length, row);
  }

  #end(items: number, row: number): void {
    this.count += items;
    this.ends.set(row, this.count);
  }

  byteLength(rows: number): number {
    return 8 * rows + this.texts.length;
  }

  writeTo(target: Buffer, offset: number, rows: number): number {
    this.ends.writeTo(target, offset, rows);
    target.set(this.texts.bytes, offset + 8 * rows);
    return offset + this.byteLength(rows);
  }

  values(rows: number): ColumnValues {
    return new ArrayColumn(this.ends.values(rows), textsOf(this.texts, this.count));
  }
}

/** `Map(String, Float64)`: where the entries of each row end, then all names as `String`, then all numbers as `Float64`. */
export class NumbersByNameWriter extends ListWriter {
  readonly type = 'Map(String, Float64)';
  #numbers = new Float64Array(16);

  put(value: unknown, row: number): string | undefined {
    if (!isMapOfOwn(value)) return this.judge(value, row);
    const { length } = this.texts;
    const count = this.count;
    for (const name of Object.keys(value)) {
      const number = value[name];
      if (typeof number !== 'number' || !Number.isFinite(number) || !this.texts.push(name)) {
        this.texts.length = length;
        this.count = count;
        return this.judge(value, row);
      }
      this.#push(number + 0);
    }
    this.ends.set(row, this.count);
    return undefined;
  }

  store(value: Canonical, row: number): void {
    for (const [name, number] of Object.entries(value as Readonly<Record<string, number>>)) {
      this.texts.push(name);
      this.#push(number);
    }
    this.ends.set(row, this.count);
  }

  #push(number: number): void {
    if (this.count === this.#numbers.length) {
      const grown = new Float64Array(2 * this.count);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[this.count++] = number;
  }

  byteLength(rows: number): number {
    return 8 * rows + this.texts.length + 8 * this.count;
  }

  writeTo(target: Buffer, offset: number, rows: number): number {
    this.ends.writeTo(target, offset, rows);
    const numbers = offset + 8 * rows + this.texts.length;
    target.set(this.texts.bytes, offset + 8 * rows);
    target.set(new Uint8Array(this.#numbers.buffer, 0, 8 * this.count), numbers);
    return numbers + 8 * this.count;
  }

  values(rows: number): ColumnValues {
    const numbers = new NumberColumn('Float64', this.#numbers.slice(0, this.count));
    return new MapColumn(this.ends.values(rows), textsOf(this.texts, this.count), numbers);
  }
}
