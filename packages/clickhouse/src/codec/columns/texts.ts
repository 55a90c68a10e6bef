import type { Canonical } from '@quantumtrade/dal-domain';
import { ColumnWriter } from './column-writer.js';
import { Ends } from './ends.js';
import { TextBuffer } from './text-buffer.js';

const SURELY_SHORT_ENOUGH = 256;

/** `Array(String)`: where each row's items end, then the items of all rows as `String`. */
export class TextsWriter extends ColumnWriter {
  readonly type = 'Array(String)';
  readonly #ends = new Ends();
  readonly #texts = new TextBuffer();
  #count = 0;
  #marked = { length: 0, count: 0 };

  reserve(rows: number): void {
    this.#ends.reserve(rows);
  }

  put(value: unknown, row: number): string | undefined {
    if (!Array.isArray(value)) return this.judge(value, row);
    const { length } = this.#texts;
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item !== 'string' || item.length > SURELY_SHORT_ENOUGH || !this.#texts.push(item)) {
        this.#texts.length = length;
        return this.judge(value, row);
      }
    }
    this.#end(value.length, row);
    return undefined;
  }

  store(value: Canonical, row: number): void {
    const items = value as readonly string[];
    for (const item of items) this.#texts.push(item);
    this.#end(items.length, row);
  }

  #end(items: number, row: number): void {
    this.#count += items;
    this.#ends.set(row, this.#count);
  }

  override mark(): void {
    this.#marked = { length: this.#texts.length, count: this.#count };
  }

  override rollback(): void {
    this.#texts.length = this.#marked.length;
    this.#count = this.#marked.count;
  }

  byteLength(rows: number): number {
    return 8 * rows + this.#texts.length;
  }

  writeTo(target: Buffer, offset: number, rows: number): void {
    this.#ends.writeTo(target, offset, rows);
    target.set(this.#texts.bytes, offset + 8 * rows);
  }

  override clear(): void {
    this.#texts.length = 0;
    this.#count = 0;
  }
}
