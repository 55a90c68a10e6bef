import type { Canonical, Field } from '@quantumtrade/dal-domain';
import { UuidColumn } from '../read/column.js';
import type { ColumnValues } from './column-writer.js';
import { ColumnWriter } from './column-writer.js';
import { FixedWidthWriter } from './integers.js';
import { TextBuffer, textsOf } from './texts.js';

/** A text that is well-formed and not longer is accepted by every field of free text. */
export const ACCEPTED_LENGTH = 256;

/** `String`: for each row its length in bytes as a varint, then its bytes. For the kinds `id` and `text`. */
export class StringWriter extends ColumnWriter {
  readonly type = 'String';
  readonly #texts = new TextBuffer();
  readonly #isId: boolean;
  #marked = 0;

  constructor(field: Field) {
    super(field, undefined);
    this.#isId = field.kind === 'id';
  }

  reserve(): void {}

  put(value: unknown, row: number): string | undefined {
    if (typeof value === 'string' && value !== '' && this.#push(value)) return undefined;
    return this.judge(value, row);
  }

  /** Appends a text that is accepted for sure. In ids nothing may be invisible, so of them only ASCII is. */
  #push(text: string): boolean {
    if (this.#isId) return this.#texts.pushPrintable(text);
    return text.length <= ACCEPTED_LENGTH && this.#texts.push(text);
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

  writeTo(target: Buffer, offset: number): number {
    target.set(this.#texts.bytes, offset);
    return offset + this.#texts.length;
  }

  values(rows: number): ColumnValues {
    return textsOf(this.#texts, rows);
  }

  override clear(): void {
    this.#texts.length = this.#marked = 0;
  }
}

/** A `String` of the kind `metadata`. Many rows have the text of the row before, which is checked once. */
export class MetadataWriter extends StringWriter {
  #accepted: string | undefined;

  override put(value: unknown, row: number): string | undefined {
    if (typeof value !== 'string' || value !== this.#accepted) return this.judge(value, row);
    this.store(value);
    return undefined;
  }

  override store(value: Canonical): void {
    this.#accepted = value as string;
    super.store(value);
  }
}

/** Values of the hexadecimal digits by character code; -1 for all other characters. */
const DIGIT_VALUES = Int8Array.from({ length: 0x80 }, (_, code) => {
  const digit = parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? -1 : digit;
});

const UUID_LENGTH = 36;
const DASH = 0x2d;
const DASHES = [8, 13, 18, 23];

/** `UUID`: two UInt64, the first half of the digits and the second, each little-endian. */
export class UuidWriter extends FixedWidthWriter<Int32Array> {
  constructor(field: Field) {
    super(field, 'UUID', new Int32Array(), 4);
  }

  put(value: unknown, row: number): string | undefined {
    if (typeof value === 'string' && value.length === UUID_LENGTH && this.#write(value, row)) {
      return undefined;
    }
    return this.judge(value, row);
  }

  store(value: Canonical, row: number): void {
    this.#write(value as string, row);
  }

  /** Eight digits are one 32-bit element; of two elements the later digits come first. */
  #write(text: string, row: number): boolean {
    let element = 0;
    let digits = 0;
    let worst = 0;
    for (let i = 0; i < UUID_LENGTH; i++) {
      const code = text.charCodeAt(i);
      if (code === DASH && DASHES.includes(i)) continue;
      const digit = code < 0x80 ? DIGIT_VALUES[code]! : -1;
      worst |= digit;
      element = (element << 4) | digit;
      digits++;
      if (digits % 8 === 0) this.view[4 * row + ((digits / 8 - 1) ^ 1)] = element;
    }
    return worst >= 0 && digits === UUID_LENGTH - DASHES.length;
  }

  values(rows: number): ColumnValues {
    return new UuidColumn(new Uint8Array(this.bytes(rows)));
  }
}
