import type { Canonical, Field } from '@quantumtrade/dal-domain';
import { ColumnWriter } from './column-writer.js';
import { TextBuffer } from './text-buffer.js';

/** No free text that is well-formed and not longer than this is refused. */
const SURELY_SHORT_ENOUGH = 256;

/** `String`: for each row its length in bytes as a varint, then its bytes. For the kinds `id` and `text`. */
export class StringWriter extends ColumnWriter {
  readonly type = 'String';
  readonly #texts = new TextBuffer();
  readonly #isId: boolean;
  #marked = 0;

  constructor(field: Field) {
    super(field);
    this.#isId = field.kind === 'id';
  }

  reserve(): void {}

  put(value: unknown, row: number): string | undefined {
    if (typeof value === 'string' && value !== '' && this.#push(value)) return undefined;
    return this.judge(value, row);
  }

  /** Appends what surely is right. In ids nothing may be invisible, so of them only ASCII is sure. */
  #push(text: string): boolean {
    if (this.#isId) return this.#texts.pushPrintable(text);
    return text.length <= SURELY_SHORT_ENOUGH && this.#texts.push(text);
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

/** A `String` of the kind `metadata`. Many rows have the text of the one before, which is judged once. */
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
