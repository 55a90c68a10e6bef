import type { Canonical, DictionaryColumn } from '@quantumtrade/dal-domain';
import type { Refuse } from './column-writer.js';
import { ColumnWriter } from './column-writer.js';
import { TextBuffer } from './text-buffer.js';

/** The keys are in the block itself (and not in a dictionary shared by blocks). */
const KEYS_VERSION = 1;
const HAS_OWN_KEYS = 0x200;
const NEEDS_UPDATE = 0x400;
const WIDTHS = [Uint8Array, Uint16Array, Uint32Array] as const;

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
  /** For each key, the one that came after it the last time: feeds repeat themselves, so a look at it mostly does. */
  readonly #followers: number[] = [];
  #last = 0;
  #marked = { length: 0, keys: 0 };

  /** The distinct strings of all rows. */
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
        if (position === undefined) return this.judge(value, row);
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
      // By a text it would find members of the array itself.
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
    this.#positions[row] = this.#position(value as string);
  }

  override fill(value: Canonical, from: number, to: number): void {
    this.#positions.fill(this.#position(value as string), from, to);
  }

  #position(key: string): number {
    const known = this.#positionOf.get(key);
    if (known !== undefined) return known;
    const position = this.#keys.push(key) - 1;
    this.#positionOf.set(key, position);
    this.#texts.push(key);
    return position;
  }

  override mark(): void {
    this.#marked = { length: this.#texts.length, keys: this.#keys.length };
  }

  override rollback(): void {
    for (const key of this.#keys.splice(this.#marked.keys)) this.#positionOf.delete(key);
    this.#texts.length = this.#marked.length;
  }

  byteLength(rows: number): number {
    return 32 + this.#texts.length + rows * WIDTHS[this.#width()]!.BYTES_PER_ELEMENT;
  }

  writeTo(target: Buffer, offset: number, rows: number): void {
    const width = this.#width();
    const keys = this.#keys.length;
    target.writeBigUInt64LE(BigInt(KEYS_VERSION), offset);
    target.writeBigUInt64LE(BigInt(HAS_OWN_KEYS | NEEDS_UPDATE | width), offset + 8);
    target.writeBigUInt64LE(BigInt(keys), offset + 16);
    target.set(this.#texts.bytes, offset + 24);
    const count = offset + 24 + this.#texts.length;
    target.writeBigUInt64LE(BigInt(rows), count);
    const positions = this.#positions.subarray(0, rows);
    const narrow = width === 0 ? positions : new Uint8Array(new WIDTHS[width]!(positions).buffer);
    target.set(narrow, count + 8);
  }

  #width(): number {
    const keys = this.#keys.length;
    return keys <= 0x100 ? 0 : keys <= 0x1_0000 ? 1 : 2;
  }

  override clear(): void {
    this.#keys.length = 0;
    this.#positionOf.clear();
    this.#texts.length = 0;
    this.#followers.length = 0;
    this.#last = 0;
  }
}
