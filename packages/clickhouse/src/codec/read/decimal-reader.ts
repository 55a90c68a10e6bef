import type { DecimalField, Field } from '@quantumtrade/dal-domain';
import { DECIMAL_SCALE } from '@quantumtrade/dal-domain';
import type { ColumnValues } from '../columns/column-writer.js';
import type { NativeColumn } from './column.js';
import { BigIntColumn, halvesOf, WideColumn } from './column.js';
import { NumberConversion } from './converted-numbers.js';
import type { KindReader, ReadField, RowRange } from './kind-reader.js';
import { joinArrays, joinLists, toOutput, unexpectedColumn } from './kind-reader.js';

const TWO_TO_32 = 2 ** 32;
const UNIT = 10 ** DECIMAL_SCALE;
/** Below this many units, each decimal has a number of its own. */
const UNIQUE_DECIMALS = 1e15;

type DecimalColumn = BigIntColumn | WideColumn;

/** Decimals as exact strings or numbers, made from 32-bit halves: no bigint is made where a number holds the units. */
class DecimalValues implements ColumnValues {
  readonly #column: DecimalColumn;
  readonly #field: ReadField;
  readonly #halves: Int32Array;
  /** Halves of one value, the lowest first. */
  readonly #width: number;

  constructor(column: DecimalColumn, field: ReadField) {
    this.#column = column;
    this.#field = field;
    this.#halves = halvesOf(column instanceof WideColumn ? column.words : column.values);
    this.#width = this.#halves.length / column.length;
  }

  /** Returns the exact string. */
  at(row: number): unknown {
    const halves = this.#halves;
    const first = row * this.#width;
    if (isShort(halves, first, this.#width)) {
      const units = unitsOf(halves[first]!, halves[first + 1]!);
      if (Number.isSafeInteger(units)) return textOf(units);
    }
    return this.#unusual(row);
  }

  /** Writes the numbers of rows into an array. */
  fill(target: Float64Array, { from, to, absent }: RowRange): void {
    if (fillNumbers(this.#halves, this.#width, target, from, to) === 0) return;
    for (let row = from; row < to; row++) {
      const at = row - from;
      if (Number.isNaN(target[at]) && !absent?.[row]) target[at] = this.#unusual(row) as number;
    }
  }

  #unusual(row: number): unknown {
    return toOutput(this.#field, this.#column.at(row));
  }
}

/**
 * Writes decimals as numbers into an array. Returns 0 unless there are some that the domain has to decide on, which are NaN.
 *
 * A function of typed arrays alone: at each full garbage collection, V8 drops optimized code that has seen a class of which no object
 * is left. With a flag in place of the count, a test for NaN or a call that returns a number, V8 allocates an object for each decimal.
 */
function fillNumbers(
  halves: Int32Array,
  width: number,
  target: Float64Array,
  from: number,
  to: number,
): number {
  let unusual = 0;
  for (let row = from, first = from * width; row < to; row++, first += width) {
    const low = halves[first]!;
    const high = halves[first + 1]!;
    const units = high * TWO_TO_32 + (low >>> 0);
    let number = units / UNIT;
    if (!(units < UNIQUE_DECIMALS && units > -UNIQUE_DECIMALS)) {
      // A whole decimal has a number of its own. If the rounded one is another, its units differ from these by less than 2^32.
      number = Math.round(number);
      if (Math.imul(number, UNIT) !== low) {
        number = NaN;
        unusual++;
      }
    }
    if (width > 2 && !isShort(halves, first, width)) {
      number = NaN;
      unusual++;
    }
    target[row - from] = number;
  }
  return unusual;
}

/** Whether the first two halves have all of a value: the others repeat their sign. */
function isShort(halves: Int32Array, first: number, width: number): boolean {
  const sign = halves[first + 1]! >> 31;
  for (let i = first + 2; i < first + width; i++) if (halves[i] !== sign) return false;
  return true;
}

const unitsOf = (low: number, high: number): number => high * TWO_TO_32 + (low >>> 0);

/** Returns the decimal string of units that a number holds, as `formatDecimal` does. */
function textOf(units: number): string {
  const magnitude = Math.abs(units);
  const whole = Math.floor(magnitude / UNIT);
  let fraction = magnitude - whole * UNIT;
  const text = units < 0 ? `-${whole}` : `${whole}`;
  if (fraction === 0) return text;
  let digits = DECIMAL_SCALE;
  for (; fraction % 10 === 0; digits--) fraction /= 10;
  return `${text}.${String(fraction).padStart(digits, '0')}`;
}

function expectDecimals(column: NativeColumn, field: ReadField): DecimalColumn {
  const isDecimal = column.type.startsWith('Decimal');
  if (isDecimal && (column instanceof BigIntColumn || column instanceof WideColumn)) {
    if (column.scale === DECIMAL_SCALE) return column;
  }
  if (column instanceof BigIntColumn && column.type === 'UInt64') return unitsOfWhole(column);
  throw unexpectedColumn(column, field);
}

/** Returns the units of whole numbers, as a column has them before a migration makes decimals of it. */
function unitsOfWhole({ values, length }: BigIntColumn): WideColumn {
  const words = new BigInt64Array(2 * length);
  for (let row = 0; row < length; row++) {
    const units = values[row]! * BigInt(UNIT);
    words[2 * row] = BigInt.asIntN(64, units);
    words[2 * row + 1] = units >> 64n;
  }
  return new WideColumn('Decimal(38, 8)', words, 2, DECIMAL_SCALE);
}

/** Returns the units of all columns; undefined where 64 bits do not hold one of them. */
function joinUnits(columns: readonly DecimalColumn[]): BigInt64Array | undefined {
  const parts: BigInt64Array[] = [];
  for (const column of columns) {
    const part = column instanceof WideColumn ? narrowed(column) : (column.values as BigInt64Array);
    if (!part) return undefined;
    parts.push(part);
  }
  return joinArrays(parts, (length) => new BigInt64Array(length));
}

function narrowed({ words, width, length }: WideColumn): BigInt64Array | undefined {
  const from = halvesOf(words);
  const units = new BigInt64Array(length);
  const to = halvesOf(units);
  for (let row = 0; row < length; row++) {
    const first = 2 * width * row;
    const high = from[first + 1]!;
    for (let i = first + 2; i < first + 2 * width; i++) if (from[i] !== high >> 31) return undefined;
    to[2 * row] = from[first]!;
    to[2 * row + 1] = high;
  }
  return units;
}

const numbers = new NumberConversion<DecimalField & Field>((column, field, target, range) => {
  new DecimalValues(expectDecimals(column, field), field).fill(target, range);
});

export const decimalKindReader: KindReader<DecimalField & Field> = {
  values: (column, field, range, memory) =>
    field.exact
      ? new DecimalValues(expectDecimals(column, field), field)
      : numbers.values(column, field, range, memory),
  convert: (column, field, memory) => (field.exact ? column : numbers.convert(column, field, memory)),
  join(columns, field) {
    if (!field.exact) return numbers.join(columns, field);
    const found = columns.map((column) => expectDecimals(column, field));
    return (
      joinUnits(found) ?? joinLists(found, (column, range) => decimalKindReader.values(column, field, range))
    );
  },
};
