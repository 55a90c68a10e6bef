import type { Canonical, DictionaryColumn, Field } from '@quantumtrade/dal-domain';
import { ByteReader } from '../read/byte-reader.js';
import type { StringColumn } from '../read/string-column.js';
import { stringsOf } from '../read/string-column.js';
import type { ColumnValues, Refuse } from './column-writer.js';
import { ColumnWriter } from './column-writer.js';

/** Length up to which a string is copied character by character. Above, a call into the runtime is faster. */
const SHORT = 40;
const INITIAL_SIZE = 4_096;

/** Strings one after the other, each as its length in bytes (a varint) and its bytes (UTF-8). */
export class TextBuffer {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_SIZE);
  length = 0;

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  /** Appends a short string of visible ASCII characters. Returns false, and appends nothing, for any other. */
  pushVisible(text: string): boolean {
    return text.length <= SHORT && text !== '' && this.#copy(text, 0x21);
  }

  /** Appends a short string of printable ASCII characters. Returns false, and appends nothing, for any other. */
  pushPrintable(text: string): boolean {
    return text.length <= SHORT && this.#copy(text, 0x20);
  }

  /** Appends a string. Returns false, and appends nothing, if it is not well-formed Unicode. */
  push(text: string): boolean {
    return (text.length <= SHORT && this.#copy(text, 0)) || this.#encode(text);
  }

  /** Copies a string whose characters lie between the least one and the last printable one of ASCII, else returns false. */
  #copy(text: string, least: number): boolean {
    const count = text.length;
    if (this.length + count >= this.#bytes.length) this.#grow(count + 1);
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
    this.#grow(3 * text.length + 5);
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

  /** Makes room for this many further bytes. */
  #grow(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
  }
}

/** Returns how many bytes {@link writeVarint} writes. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Writes seven bits a byte, the lowest first, the top bit set on all but the last. Returns the offset behind them. */
export function writeVarint(target: Uint8Array, offset: number, value: number): number {
  let rest = value;
  let at = offset;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[at++] = (rest & 0x7f) | 0x80;
  target[at] = rest;
  return at + 1;
}

/** Returns the first texts of a buffer, as a copy. */
export function textsOf(texts: TextBuffer, count: number): StringColumn {
  const reader = new ByteReader(texts.bytes);
  const places = reader.places(count);
  return stringsOf(Buffer.from(reader.since(0)), places);
}

/** The keys are in the block itself (and not in a dictionary shared by blocks). */
const KEYS_VERSION = 1;
const HAS_OWN_KEYS = 0x200;
const NEEDS_UPDATE = 0x400;
const ARRAY_OF_WIDTH = { 2: Uint16Array, 4: Uint32Array } as const;

const UNKNOWN = -1;

/**
 * `LowCardinality(String)`, encoded as a dictionary: each distinct string is checked and written once. All numbers are
 * UInt64 but the positions: the version of the keys; flags and the width of a position (0, 1 or 2 for 8, 16 or 32 bits);
 * how many keys; the keys as `String`; how many rows; the position of each row's key. A block without rows has nothing.
 */
export class DictionaryWriter extends ColumnWriter {
  readonly type = 'LowCardinality(String)';
  readonly #positionOf = new Map<string, number>();
  readonly #texts = new TextBuffer();
  readonly #keys: string[] = [];
  #positions = new Uint32Array();
  /** For each key, the one that came after it the last time: feeds repeat themselves, so the guess is mostly right. */
  readonly #followers: number[] = [];
  #last = 0;
  #marked = { length: 0, keys: 0 };
  /** Bytes of a position on the wire. */
  #width: 1 | 2 | 4 = 1;

  constructor(field: Field) {
    super(field, undefined);
  }

  /** The distinct strings of all rows, as a copy. */
  get keys(): readonly string[] {
    return this.#keys.slice();
  }

  reserve(rows: number): void {
    if (rows <= this.#positions.length) return;
    const grown = new Uint32Array(Math.max(rows, 2 * this.#positions.length));
    grown.set(this.#positions);
    this.#positions = grown;
  }

  put(value: unknown, row: number): string | undefined {
    if (typeof value === 'string') {
      let position = this.#followers[this.#last];
      if (position === undefined || this.#keys[position] !== value) {
        position = this.#positionOf.get(value);
        if (position === undefined) {
          // No symbol and no label of visible ASCII characters is refused.
          if (!this.#texts.pushVisible(value)) return this.judge(value, row);
          position = this.#addKey(value);
        }
        this.#followers[this.#last] = position;
      }
      this.#last = position;
      this.#positions[row] = position;
      return undefined;
    }
    return this.judge(value, row);
  }

  /** Puts strings that come as positions in a dictionary of the caller's, each looked up once a call. */
  putAll(
    { dictionary, positions }: DictionaryColumn,
    selection: Uint32Array,
    firstRow: number,
    refuse: Refuse,
  ): void {
    const known = new Int32Array(dictionary.length).fill(UNKNOWN);
    for (let k = 0; k < selection.length; k++) {
      const index = selection[k]!;
      const row = firstRow + k;
      const given = positions[index]!;
      // A text as a position would find members of the array itself.
      const position = typeof given === 'number' ? known[given] : undefined;
      if (position !== undefined && position !== UNKNOWN) this.#positions[row] = position;
      else {
        const reason = this.put(dictionary[given], row);
        if (reason !== undefined) refuse(index, reason);
        else if (typeof given === 'number') known[given] = this.#positions[row]!;
      }
    }
  }

  store(value: Canonical, row: number): void {
    this.#positions[row] = this.#positionOf.get(value as string) ?? this.#add(value as string);
  }

  override fill(value: Canonical, from: number, to: number): void {
    this.#positions.fill(this.#positionOf.get(value as string) ?? this.#add(value as string), from, to);
  }

  #add(key: string): number {
    this.#texts.push(key);
    return this.#addKey(key);
  }

  #addKey(key: string): number {
    const position = this.#keys.push(key) - 1;
    this.#positionOf.set(key, position);
    if (position === 0x100) this.#width = 2;
    else if (position === 0x1_0000) this.#width = 4;
    return position;
  }

  override mark(): void {
    this.#marked = { length: this.#texts.length, keys: this.#keys.length };
  }

  override rollback(): void {
    const { length, keys } = this.#marked;
    for (const key of this.#keys.splice(keys)) this.#positionOf.delete(key);
    this.#texts.length = length;
    this.#width = keys <= 0x100 ? 1 : keys <= 0x1_0000 ? 2 : 4;
  }

  byteLength(rows: number): number {
    return 32 + this.#texts.length + rows * this.#width;
  }

  writeTo(target: Buffer, offset: number, rows: number): number {
    const width = this.#width;
    target.writeBigUInt64LE(BigInt(KEYS_VERSION), offset);
    target.writeBigUInt64LE(BigInt(HAS_OWN_KEYS | NEEDS_UPDATE | (width >> 1)), offset + 8);
    target.writeBigUInt64LE(BigInt(this.#keys.length), offset + 16);
    target.set(this.#texts.bytes, offset + 24);
    const count = offset + 24 + this.#texts.length;
    target.writeBigUInt64LE(BigInt(rows), count);
    const positions = this.#positions.subarray(0, rows);
    const narrow = width === 1 ? positions : new Uint8Array(new ARRAY_OF_WIDTH[width](positions).buffer);
    target.set(narrow, count + 8);
    return count + 8 + rows * width;
  }

  values(rows: number): ColumnValues {
    const keys = this.#keys.slice();
    const positions = this.#positions.slice(0, rows);
    return {
      at(row) {
        return keys[positions[row]!];
      },
    };
  }

  override clear(): void {
    this.#keys.length = 0;
    this.#positionOf.clear();
    this.#texts.length = 0;
    this.#followers.length = 0;
    this.#last = 0;
    this.#marked = { length: 0, keys: 0 };
    this.#width = 1;
  }
}
