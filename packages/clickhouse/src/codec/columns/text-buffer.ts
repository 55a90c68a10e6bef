/** The longest string that is copied character by character; the call into the runtime pays off above. */
const SHORT = 40;
const INITIAL_SIZE = 4_096;

/** Strings one after the other, each its length in bytes as a varint and its bytes as UTF-8. */
export class TextBuffer {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_SIZE);
  length = 0;

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  /** Appends a string of printable ASCII characters. Returns false, and appends nothing, if it is another or a long one. */
  pushPrintable(text: string): boolean {
    return text.length <= SHORT && this.#copy(text, 0x20);
  }

  /** Appends a string. Returns false, and appends nothing, if it is not well-formed Unicode. */
  push(text: string): boolean {
    return (text.length <= SHORT && this.#copy(text, 0)) || this.#encode(text);
  }

  /** Copies a string whose characters lie between the least one and the last printable one of ASCII; false if others do. */
  #copy(text: string, least: number): boolean {
    const count = text.length;
    this.#reserve(count + 1);
    const bytes = this.#bytes;
    const start = this.length;
    bytes[start] = count;
    for (let i = 0; i < count; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7e || unit < least) return false;
      bytes[start + 1 + i] = unit;
    }
    this.length = start + 1 + count;
    return true;
  }

  #encode(text: string): boolean {
    this.#reserve(3 * text.length + 5);
    // All ASCII is the rule: its length is known before its bytes are.
    const head = varintSize(text.length);
    const count = this.#bytes.write(text, this.length + head, 'utf8');
    if (count !== text.length) {
      if (!text.isWellFormed()) return false;
      const size = varintSize(count);
      if (size !== head) {
        this.#bytes.copyWithin(this.length + size, this.length + head, this.length + head + count);
      }
    }
    this.length = writeVarint(this.#bytes, this.length, count) + count;
    return true;
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
  }
}

export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Seven bits a byte, the lowest first, the top bit set on all but the last. Returns the offset behind it. */
export function writeVarint(target: Uint8Array, offset: number, value: number): number {
  let rest = value;
  let at = offset;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[at++] = (rest & 0x7f) | 0x80;
  target[at] = rest;
  return at + 1;
}
