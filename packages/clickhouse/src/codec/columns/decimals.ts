import type { Canonical, DecimalField } from '@quantumtrade/dal-domain';
import {
  DECIMAL_LIMIT,
  DECIMAL_SCALE,
  formatDecimal,
  SMALLEST_DECIMAL,
  TOO_LARGE,
} from '@quantumtrade/dal-domain';
import { WideColumn } from '../read/column.js';
import type { ColumnValues, Refuse, RoundedRows } from './column-writer.js';
import { FixedWidthWriter, highHalf, NOT_DOUBTFUL, SixtyFourBitWriter } from './integers.js';

const UNIT = 10 ** DECIMAL_SCALE;
const TWO_TO_32 = 2 ** 32;
/**
 * How far, relative to it, the product of a number and 10^8 may lie from 10^8 times the number's shortest decimal form:
 * half a unit in the last place of the number and another of the product make 2^-52; this is twice as much.
 */
const PRODUCT_ERROR = 2 ** -51;
/** Up to here neighbouring numbers lie closer together than decimals of eight digits after the point. */
const DENSE_LIMIT = 2 ** 26;

const LIMIT = DECIMAL_LIMIT[18];
const WITHIN_LIMIT = {
  least: highHalf(-LIMIT) + 1,
  greatest: highHalf(LIMIT) - 1,
  doubtful: NOT_DOUBTFUL,
};

/**
 * `Decimal(18, 8)`: Int64 units of 10^-8. A number counts as its shortest decimal form, rounded half to even; a string
 * must be exact.
 */
export class DecimalWriter extends SixtyFourBitWriter {
  constructor(field: DecimalField, type: string, rounded: RoundedRows | undefined) {
    super(field, type, WITHIN_LIMIT, rounded);
  }

  put(value: unknown, row: number): string | undefined {
    if (typeof value === 'number') {
      const product = value * UNIT;
      const units = Math.floor(product + 0.5);
      const isNearest = 0.5 - Math.abs(product - units) > Math.abs(product) * PRODUCT_ERROR;
      if (isNearest && (units > 1 || units < -1)) {
        const { view } = this;
        view[2 * row] = units;
        view[2 * row + 1] = Math.floor(units / TWO_TO_32);
        return undefined;
      }
    }
    return this.#putUnusual(value, row);
  }

  #putUnusual(value: unknown, row: number): string | undefined {
    const units =
      typeof value === 'number' ? unitsOfNumber(value) : typeof value === 'string' ? unitsOfText(value) : NaN;
    if (Number.isNaN(units)) return this.judge(value, row);
    this.write(units, row);
    return undefined;
  }

  protected override putHalves(low: number, high: number, row: number): string | undefined {
    this.writeHalves(low, high, row);
    const units = (BigInt(high) << 32n) | BigInt(low >>> 0);
    return units > -LIMIT && units < LIMIT ? undefined : TOO_LARGE[18];
  }

  values(rows: number): ColumnValues {
    return new BigInt64Array(this.bytes(rows));
  }
}

/** Whole numbers whose units a number holds. */
const SMALL = Math.floor(Number.MAX_SAFE_INTEGER / UNIT);
/** Whole numbers of up to 52 bits are multiplied as two halves of 26 bits, so that every product is exact. */
const HALF = 2 ** 26;
const LARGE = HALF ** 2;

/** `Decimal(38, 8)`: Int128 units of 10^-8 in four 32-bit elements, the lowest first. */
export class WideDecimalWriter extends FixedWidthWriter<Int32Array> {
  readonly #min: number;
  /** Least whole number that is written at once. */
  readonly #leastWhole: number;

  constructor(field: DecimalField, type: string, rounded: RoundedRows | undefined) {
    super(field, type, new Int32Array(), 4, rounded);
    this.#min = field.min ?? -Infinity;
    this.#leastWhole = Math.max(this.#min, 0);
  }

  put(value: unknown, row: number): string | undefined {
    if (
      typeof value === 'number' &&
      value <= SMALL &&
      value >= this.#leastWhole &&
      Math.floor(value) === value
    ) {
      const units = value * UNIT;
      const { view } = this;
      const at = 4 * row;
      view[at] = units;
      view[at + 1] = units / TWO_TO_32;
      view[at + 2] = view[at + 3] = 0;
      return undefined;
    }
    return this.#putUnusual(value, row);
  }

  #putUnusual(value: unknown, row: number): string | undefined {
    if (typeof value === 'number') {
      if (value >= this.#min && this.#putNumber(value, row)) return undefined;
    } else if (typeof value === 'string') {
      const units = unitsOfText(value);
      if (units >= this.#min) {
        this.#write(units, row);
        return undefined;
      }
    }
    return this.judge(value, row);
  }

  #putNumber(value: number, row: number): boolean {
    if (Math.floor(value) === value && value > SMALL && value < LARGE) {
      this.#writeWhole(value, row);
    } else {
      const units = unitsOfNumber(value);
      if (Number.isNaN(units)) return false;
      this.#write(units, row);
    }
    return true;
  }

  /** Puts the values at these positions: units in a `BigInt64Array`, whole numbers in a `BigUint64Array`. */
  putAll(source: BigInt64Array | BigUint64Array, selection: Uint32Array, firstRow: number, refuse: Refuse) {
    const areUnits = source instanceof BigInt64Array;
    const halves = new Int32Array(source.buffer, source.byteOffset, 2 * source.length);
    const { view } = this;
    const largest = areUnits ? -1 : SMALL;
    const lowest = areUnits && this.#min < 0 ? -Infinity : 0;
    for (let k = 0; k < selection.length; k++) {
      const index = selection[k]!;
      const at = 4 * (firstRow + k);
      const low = halves[2 * index]!;
      const high = halves[2 * index + 1]!;
      if (high === 0 && low >= 0 && low <= largest) {
        view[at] = Math.imul(low, UNIT);
        view[at + 1] = (low * UNIT) / TWO_TO_32;
        view[at + 2] = view[at + 3] = 0;
      } else if (areUnits && high >= lowest) {
        view[at] = low;
        view[at + 1] = high;
        view[at + 2] = view[at + 3] = high >> 31;
      } else {
        const value = areUnits ? formatDecimal(source[index]!) : source[index];
        const reason = this.put(value, firstRow + k);
        if (reason !== undefined) refuse(index, reason);
      }
    }
  }

  store(value: Canonical, row: number): void {
    let rest = value as bigint;
    for (let element = 0; element < 4; element++, rest >>= 32n) {
      this.view[4 * row + element] = Number(BigInt.asIntN(32, rest));
    }
  }

  values(rows: number): ColumnValues {
    return new WideColumn(this.type, new BigInt64Array(this.bytes(rows)), 2);
  }

  /** Writes units that a number holds. */
  #write(units: number, row: number): void {
    const { view } = this;
    const at = 4 * row;
    const high = Math.floor(units / TWO_TO_32);
    view[at] = units;
    view[at + 1] = high;
    view[at + 2] = view[at + 3] = high >> 31;
  }

  /** Writes a whole number that is not negative. */
  #writeWhole(whole: number, row: number): void {
    const upperHalf = Math.floor(whole / HALF);
    const upper = upperHalf * UNIT;
    const upperHead = Math.floor(upper / 64);
    const tail = (upper - upperHead * 64) * HALF + (whole - upperHalf * HALF) * UNIT;
    const head = upperHead + Math.floor(tail / TWO_TO_32);
    const { view } = this;
    const at = 4 * row;
    view[at] = tail;
    view[at + 1] = head;
    view[at + 2] = Math.floor(head / TWO_TO_32);
    view[at + 3] = 0;
  }
}

/** Returns the units of a number where they are quickly computed, else NaN. */
function unitsOfNumber(value: number): number {
  const product = value * UNIT;
  const units = Math.floor(product + 0.5);
  if (
    // The exact value is nearer to these units than to any other: no tie, nothing to look up.
    0.5 - Math.abs(product - units) > Math.abs(product) * PRODUCT_ERROR ||
    // The number is the one nearest to this decimal, and so dense are numbers here that it is to no other.
    (units / UNIT === value && Math.abs(value) < DENSE_LIMIT)
  ) {
    return Math.abs(value) >= SMALLEST_DECIMAL || value === 0 ? units : NaN;
  }
  return NaN;
}

const POWERS = [1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 10, 1];
const [PLUS, MINUS, POINT, ZERO] = [0x2b, 0x2d, 0x2e, 0x30];

/** Characters of a text that is parsed here. Longer ones are rare, and a number cannot hold most of their units. */
const SHORT_TEXT = 32;

/** Returns the units of a plain decimal such as `-101.25`, or NaN if it is not plain and short or has too many units. */
function unitsOfText(text: string): number {
  const first = text.charCodeAt(0);
  const start = first === MINUS || first === PLUS ? 1 : 0;
  const length = text.length;
  if (length > SHORT_TEXT) return NaN;
  let point = -1;
  let digits = 0;
  for (let i = start; i < length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit >= 0 && digit <= 9) digits = digits * 10 + digit;
    else if (digit === POINT - ZERO && point < 0 && i > start) point = i;
    else return NaN;
  }
  const count = length - start - (point < 0 ? 0 : 1);
  const fraction = point < 0 ? 0 : length - point - 1;
  if (count === 0 || fraction > DECIMAL_SCALE) return NaN;
  const units = digits * POWERS[fraction]!;
  // More digits than a number holds only make it larger.
  if (units > Number.MAX_SAFE_INTEGER) return NaN;
  return first === MINUS ? -units : units;
}
