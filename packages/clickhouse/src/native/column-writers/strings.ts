import type { Canonical } from '@quantumtrade/dal-domain';
import { ColumnWriter } from './column-writer.js';
import { TextBuffer } from './text-buffer.js';

/** No kind of field refuses a string that is not empty, well-formed and not longer than this. */
const SURELY_SHORT_ENOUGH = 256;

/** `String`: for each row its length in bytes as a varint, then its bytes. For the kinds `id` and `text`. */
export class StringWriter extends ColumnWriter {
  readonly type = 'String';
  readonly #texts = new TextBuffer();
  #marked = 0;

  reserve(): void {}

  put(value: unknown, row: number): string | undefined {
    if (
      typeof value === 'string' &&
      value !== '' &&
      value.length <= SURELY_SHORT_ENOUGH &&
      this.#texts.push(value)
    ) {
      return undefined;
    }
    return this.judge(value, row);
  }

  store(value: Canonical): void {
    this.#texts.push(value as string);
  }

  override mark(): void {
    this.#marked = this.#texts.length;
  }

  override rollback(): void {
    this.#texts.length = this.#marked;
  }

  byteLength(): number {
    return this.#texts.length;
  }

  writeTo(target: Buffer, offset: number): void {
    target.set(this.#texts.bytes, offset);
  }

  override clear(): void {
    this.#texts.length = 0;
  }
}
