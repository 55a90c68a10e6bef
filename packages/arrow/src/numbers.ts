import { toCanonicalField } from '@quantumtrade/dal-domain';

/** Integers of 64 bits, as a column of an exact read or as the values of rows. */
export const uint64Values = (column: BigUint64Array | ReadonlyArray<bigint | null>): BigUint64Array =>
  column instanceof BigUint64Array ? column : BigUint64Array.from(column, (value) => value ?? 0n);

/** Epoch milliseconds, as a column or as the values of rows. */
export const instantValues = (
  column: BigInt64Array | Float64Array | ReadonlyArray<Date | null>,
): BigInt64Array =>
  column instanceof BigInt64Array
    ? column
    : BigInt64Array.from(column as ArrayLike<Date | number | null>, (value) => BigInt(Number(value)));

const WIDE_DECIMAL = { kind: 'decimal', precision: 38 } as const;

/**
 * Returns decimals as four words each, the lowest first, of their units of 10^-8: the 128-bit form of Arrow. A column of an
 * exact read has the units, or exact strings; the values of rows are exact strings.
 */
export function decimalWords(column: BigInt64Array | ReadonlyArray<string | null>): Uint32Array {
  if (column instanceof BigInt64Array) return extended(column);
  const halves = new BigInt64Array(2 * column.length);
  for (const [row, text] of column.entries()) {
    if (text === null) continue;
    const units = toCanonicalField(WIDE_DECIMAL, text) as bigint;
    halves[2 * row] = BigInt.asIntN(64, units);
    halves[2 * row + 1] = units >> 64n;
  }
  return new Uint32Array(halves.buffer);
}

/** Extends 64-bit integers to 128 bits by their sign, word by word, because bigints would take several times as long. */
function extended(units: BigInt64Array): Uint32Array {
  const from = new Int32Array(units.buffer, units.byteOffset, 2 * units.length);
  const words = new Int32Array(4 * units.length);
  for (let i = 0, word = 0; i < from.length; i += 2, word += 4) {
    const high = from[i + 1]!;
    words[word] = from[i]!;
    words[word + 1] = high;
    words[word + 2] = words[word + 3] = high >> 31;
  }
  return new Uint32Array(words.buffer);
}
