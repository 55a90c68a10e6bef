import { constants, isAscii, isUtf8 } from 'node:buffer';
import { NotUtf8Error } from './answer-errors.js';
import type { ByteInput, Reading } from './byte-input.js';
import { grown, TRUSTED_BYTES } from './byte-input.js';
import { StringColumn } from './string-column.js';

/** Number of strings whose places are allocated before the strings have arrived. */
const TRUSTED_PLACES = TRUSTED_BYTES / 8;
/** Maximum size of a column: places are 32-bit integers. */
const MAX_COLUMN_BYTES = 2 ** 32 - 1;
const BLANK = 0x20;

/** Reads strings. Throws `NotUtf8Error` unless all of them are UTF-8. */
export function* readStrings(input: ByteInput, count: number): Reading<StringColumn> {
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
