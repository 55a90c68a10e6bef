import type { Canonical } from '@quantumtrade/dal-domain';
import { isMapOfOwn } from '@quantumtrade/dal-domain';
import { ColumnWriter } from './column-writer.js';
import { Ends } from './ends.js';
import { TextBuffer } from './text-buffer.js';

/** `Map(String, Float64)`: where each row's entries end, then all names as `String`, then all numbers as `Float64`. */
export class NumbersByNameWriter extends ColumnWriter {
  readonly type = 'Map(String, Float64)';
  readonly #ends = new Ends();
  readonly #names = new TextBuffer();
  #numbers = new Float64Array(16);
  #count = 0;
  #marked = { length: 0, count: 0 };

  reserve(rows: number): void {
    this.#ends.reserve(rows);
  }

  put(value: unknown, row: number): string | undefined {
    if (!isMapOfOwn(value)) return this.judge(value, row);
    const { length } = this.#names;
    const count = this.#count;
    for (const name of Object.keys(value)) {
      const number = value[name];
      if (typeof number !== 'number' || !Number.isFinite(number) || !this.#names.push(name)) {
        this.#names.length = length;
        this.#count = count;
        return this.judge(value, row);
      }
      this.#push(number + 0);
    }
    this.#ends.set(row, this.#count);
    return undefined;
  }

  store(value: Canonical, row: number): void {
    for (const [name, number] of Object.entries(value as Readonly<Record<string, number>>)) {
      this.#names.push(name);
      this.#push(number);
    }
    this.#ends.set(row, this.#count);
  }

  #push(number: number): void {
    if (this.#count === this.#numbers.length) {
      const grown = new Float64Array(2 * this.#count);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[this.#count++] = number;
  }

  override mark(): void {
    this.#marked = { length: this.#names.length, count: this.#count };
  }

  override rollback(): void {
    this.#names.length = this.#marked.length;
    this.#count = this.#marked.count;
  }

  byteLength(rows: number): number {
    return 8 * rows + this.#names.length + 8 * this.#count;
  }

  writeTo(target: Buffer, offset: number, rows: number): void {
    this.#ends.writeTo(target, offset, rows);
    target.set(this.#names.bytes, offset + 8 * rows);
    target.set(
      new Uint8Array(this.#numbers.buffer, 0, 8 * this.#count),
      offset + 8 * rows + this.#names.length,
    );
  }

  override clear(): void {
    this.#names.length = 0;
    this.#count = 0;
  }
}
