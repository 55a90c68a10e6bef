import type { Canonical, DecimalField } from '@quantumtrade/dal-domain';
import { DECIMAL_LIMIT, DECIMAL_SCALE, SMALLEST_DECIMAL, TOO_LARGE } from '@quantumtrade/dal-domain';
import { decimalType } from '../sql-columns.js';
import { highHalf, NOT_DOUBTFUL, SixtyFourBitWriter } from './fixed-width.js';

const UNIT = 10 ** DECIMAL_SCALE;
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
  constructor(field: DecimalField) {
    super(field, decimalType(field), WITHIN_LIMIT);
  }

  put(value: unknown, row: number): string | undefined {
    if (typeof value === 'number') {
      const product = value * UNIT;
      const units = Math.floor(product + 0.5);
      if (isNearest(product, units) && (units > 1 || units < -1)) {
        this.write(units, row);
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

  protected putHalves(low: number, high: number, row: number): string | undefined {
    this.writeHalves(low, high, row);
    const units = (BigInt(high) << 32n) | BigInt(low >>> 0);
    return units > -LIMIT && units < LIMIT ? undefined : TOO_LARGE[18];
  }

  store(value: Canonical, row: number): void {
    this.writeBigInt(value as bigint, row);
  }
}

/** Whether the exact product is surely nearer to these units than to any other: no tie, nothing to look up. */
const isNearest = (product: number, units: number): boolean =>
  0.5 - Math.abs(product - units) > Math.abs(product) * PRODUCT_ERROR;

/** The units of a number where that is quickly said, else NaN. */
export function unitsOfNumber(value: number): number {
  const product = value * UNIT;
  const units = Math.floor(product + 0.5);
  // So dense are numbers below the limit that the number is the nearest one to no other decimal.
  if (isNearest(product, units) || (units / UNIT === value && Math.abs(value) < DENSE_LIMIT)) {
    return Math.abs(value) >= SMALLEST_DECIMAL || value === 0 ? units : NaN;
  }
  return NaN;
}

const POWERS = [1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 10, 1];
const [PLUS, MINUS, POINT, ZERO] = [0x2b, 0x2d, 0x2e, 0x30];

/** Longer ones are rare, and a number cannot hold most of their units. */
const SHORT_TEXT = 32;

/** The units of a plain decimal such as `-101.25`, or NaN if it is not plain and short or a number cannot hold them. */
export function unitsOfText(text: string): number {
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
