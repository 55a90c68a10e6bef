import { constants, isAscii, isUtf8 } from 'node:buffer';
import { NotUtf8Error } from './decode-errors.js';
import type { ByteInput, Reading } from './byte-input.js';
import { grown, TRUSTED_BYTES } from './byte-input.js';
import type { ColumnReader, NativeColumn } from './column.js';

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

  /** @param text characters of the bytes, where they are ASCII and no more than a piece */
  constructor(bytes: Buffer, places: Uint32Array, type = 'String', text?: string) {
    this.type = type;
    this.length = places.length / 2;
    this.#bytes = bytes;
    this.#places = places;
    this.#piece = text;
    if (text !== undefined) this.#to = text.length;
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

/** Number of strings whose places are allocated before the strings have arrived. */
const TRUSTED_PLACES = TRUSTED_BYTES / 8;
/** Maximum size of a column: places are 32-bit integers. */
const MAX_COLUMN_BYTES = 2 ** 32 - 1;
const BLANK = 0x20;

/** Number of strings up to which they are first looked for in one chunk. */
const FEW_STRINGS = 256;

/** Reads strings. Throws `NotUtf8Error` unless all of them are UTF-8. */
export const strings: ColumnReader<string> = { read: readStrings, readWhole: readFewStrings };

function readFewStrings(input: ByteInput, count: number): StringColumn | undefined {
  if (count > FEW_STRINGS) return undefined;
  const { bytes, offset } = input;
  const places = new Uint32Array(2 * count);
  let at = offset;
  for (let i = 0; i < places.length; i += 2) {
    if (at >= bytes.length) return undefined;
    let size = bytes[at++]!;
    // Longer ones are read step by step, and refused if need be.
    if (size >= 0x80) {
      if (!(bytes[at]! < 0x80)) return undefined;
      size += (bytes[at++]! - 1) * 0x80;
    }
    places[i] = at - offset;
    at += size;
    places[i + 1] = at - offset;
  }
  if (at > bytes.length) return undefined;
  input.offset = at;
  const read = bytes.subarray(offset, at);
  // The lengths are ASCII as well.
  if (read.length <= PIECE_BYTES && isAscii(read)) {
    return new StringColumn(read, places, 'String', read.toString('latin1'));
  }
  return stringsOf(Buffer.from(read), places);
}

function* readStrings(input: ByteInput, count: number): Reading<StringColumn> {
  let places: Uint32Array = new Uint32Array(2 * Math.min(count, Math.max(TRUSTED_PLACES, input.available)));
  let bytes: Buffer = Buffer.allocUnsafeSlow(Math.min(16 * count, TRUSTED_BYTES));
  let length = 0;
  let found = 0;
  /** Bytes of the last string that have not arrived. */
  let missing = 0;
  /** Part of a length that is cut by the end of a chunk, and the unit of its next byte. */
  let size = 0;
  let unit = 1;
  while (found < count || missing > 0) {
    while (input.available === 0) yield;
    const chunk = input.bytes;
    const from = input.offset;
    const end = chunk.length;
    const shift = length - from;
    let at = from + missing;
    missing = 0;
    const most = Math.min(count, found + (end - from));
    if (2 * most > places.length) places = grownPlaces(places, found, most, count);
    while (found < count && at < end) {
      const byte = chunk[at++]!;
      if (byte >= 0x80) {
        size += (byte & 0x7f) * unit;
        unit *= 0x80;
        if (unit >= 2 ** 56) throw new RangeError('a length is out of range');
        continue;
      }
      size += byte * unit;
      if (size > constants.MAX_STRING_LENGTH) throw new RangeError(`a text has ${size} bytes`);
      places[2 * found] = at + shift;
      at += size;
      places[2 * found + 1] = at + shift;
      found++;
      size = 0;
      unit = 1;
    }
    if (at > end) {
      missing = at - end;
      at = end;
    }
    const total = length + at - from;
    if (total + missing > MAX_COLUMN_BYTES) throw new RangeError('a column of texts is too long');
    if (total > bytes.length) bytes = grown(bytes, length, total);
    chunk.copy(bytes, length, from, at);
    input.offset = at;
    length = total;
  }
  return stringsOf(bytes.subarray(0, length), places.subarray(0, 2 * count));
}

function grownPlaces(places: Uint32Array, used: number, needed: number, atMost: number): Uint32Array {
  const target = new Uint32Array(Math.min(2 * atMost, Math.max(2 * needed, 2 * places.length)));
  target.set(places.subarray(0, 2 * used));
  return target;
}

/** Returns the column of strings that have lengths in between. Blanks replace the lengths, so that one check covers all. */
export function stringsOf(bytes: Buffer, places: Uint32Array): StringColumn {
  let end = 0;
  for (let i = 0; i < places.length; i += 2) {
    for (const start = places[i]!; end < start; end++) bytes[end] = BLANK;
    end = places[i + 1]!;
  }
  return checkedStrings(bytes, places);
}

/** Returns the column of strings at these places. Throws `NotUtf8Error` unless all bytes are UTF-8. */
export function checkedStrings(bytes: Buffer, places: Uint32Array, type = 'String'): StringColumn {
  if (!isAscii(bytes) && !isUtf8(bytes)) throw new NotUtf8Error();
  return new StringColumn(bytes, places, type);
}
