import { isAscii } from 'node:buffer';
import type { NativeColumn } from './column.js';

/** Bytes that are made into one string, of which values are parts. A value that is kept keeps no more than this in memory. */
const PIECE_BYTES = 4_096;

/** Strings are made when they are asked for, many at once where they are ASCII. */
export class StringColumn implements NativeColumn<string> {
  readonly type: string;
  readonly length: number;
  readonly #bytes: Buffer;
  /** Start and end of each string in the bytes. */
  readonly #places: Uint32Array;
  /** The characters of the bytes from `#from` up to `#to`; undefined where they are not ASCII. */
  #piece: string | undefined;
  #from = 0;
  #to = 0;

  constructor(bytes: Buffer, places: Uint32Array, type = 'String') {
    this.type = type;
    this.length = places.length / 2;
    this.#bytes = bytes;
    this.#places = places;
  }

  at(row: number): string {
    const start = this.#places[2 * row]!;
    const end = this.#places[2 * row + 1]!;
    if (start < this.#from || end > this.#to) this.#load(start, end);
    return this.#piece === undefined
      ? this.#bytes.toString('utf8', start, end)
      : this.#piece.slice(start - this.#from, end - this.#from);
  }

  #load(start: number, end: number): void {
    this.#from = start;
    this.#to = Math.max(end, Math.min(start + PIECE_BYTES, this.#bytes.length));
    const bytes = this.#bytes.subarray(start, this.#to);
    this.#piece = isAscii(bytes) ? bytes.toString('latin1') : undefined;
  }
}
