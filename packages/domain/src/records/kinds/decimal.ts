import type { KindRules, Rounding } from './kind.js';
import { asIs, Invalid } from './kind.js';

/** Digits after the point of every decimal in the data layer. */
export const DECIMAL_SCALE = 8;
const UNIT = 10n ** BigInt(DECIMAL_SCALE);
const UNITS_PER_ONE = 10 ** DECIMAL_SCALE;
/** Below this many units, each decimal has a number of its own, so a number identifies its decimal. */
const UNIQUE_DECIMALS = 1e15;

/** Total digits of a decimal: ClickHouse `Decimal(18, 8)` and `Decimal(38, 8)`. */
export type DecimalPrecision = 18 | 38;

/** Smallest magnitude, in units of 10^-8, beyond each precision. */
export const DECIMAL_LIMIT: Readonly<Record<DecimalPrecision, bigint>> = {
  18: 10n ** 18n,
  38: 10n ** 38n,
};

/** Smallest nonzero magnitude. Smaller values are refused, because rounding would change them too much. */
export const SMALLEST_DECIMAL = 1e-8;

/** Maximum number of characters of a decimal string. */
const TEXT_LIMIT = 1_000;

const PATTERN = /^([+-]?)(\d+)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i;

export const TOO_LARGE: Readonly<Record<DecimalPrecision, string>> = {
  18: 'must be below 10000000000 in magnitude',
  38: 'must be below 10^30 in magnitude',
};
const TOO_SMALL = 'must be 0, or at least 0.00000001 in magnitude';

/** Returns a quotient rounded half to even. The divisor is positive. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const rest = dividend % divisor;
  const doubled = (rest < 0n ? -rest : rest) * 2n;
  if (doubled < divisor || (doubled === divisor && quotient % 2n === 0n)) return quotient;
  return quotient + (dividend < 0n ? -1n : 1n);
}

/**
 * Parses a decimal into units of 10^-8.
 * A number is taken as its shortest decimal form and rounded half to even; a string must be exact at scale 8, unless
 * `rounding` allows to round it; a bigint is a whole number. No value is rounded to 0.
 * Returns the reason as a string when the value cannot be stored.
 */
export function parseDecimal(
  value: unknown,
  precision: DecimalPrecision = 18,
  rounding?: Rounding,
): bigint | string {
  if (typeof value === 'bigint') return withinLimit(value * UNIT, precision);
  if (typeof value !== 'number' && typeof value !== 'string') return 'must be a number or a decimal string';
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return 'must be finite';
    const units = Math.round(value * UNITS_PER_ONE);
    if (Math.abs(units) < UNIQUE_DECIMALS && units / UNITS_PER_ONE === value) return BigInt(units);
  } else if (value.length > TEXT_LIMIT) {
    return `must have at most ${TEXT_LIMIT} characters`;
  }
  const match = PATTERN.exec(String(value));
  if (!match) return 'must be a decimal such as 101.25';
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const shift = DECIMAL_SCALE - fraction.length + Number(exponent);
  const digits = BigInt(whole + fraction);
  let units: bigint;
  if (shift >= 0) {
    units = digits * 10n ** BigInt(shift);
  } else {
    const divisor = 10n ** BigInt(-shift);
    if (digits > 0n && digits < divisor) return TOO_SMALL;
    if (typeof value === 'string' && rounding === undefined && digits % divisor !== 0n) {
      return `must have at most ${DECIMAL_SCALE} digits after the point, or be rounded by rounding: 'half-even'`;
    }
    units = divideHalfEven(digits, divisor);
  }
  return withinLimit(sign === '-' ? -units : units, precision);
}

const withinLimit = (units: bigint, precision: DecimalPrecision): bigint | string =>
  units < DECIMAL_LIMIT[precision] && units > -DECIMAL_LIMIT[precision] ? units : TOO_LARGE[precision];

/** Returns the exact decimal string of a count of 10^-8 units, without trailing zeros. */
export function formatDecimal(units: bigint): string {
  const magnitude = units < 0n ? -units : units;
  const whole = magnitude / UNIT;
  const fraction = (magnitude % UNIT).toString().padStart(DECIMAL_SCALE, '0').replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${whole}${fraction && '.'}${fraction}`;
}

/** Returns the decimal of these units as a number; undefined when no number identifies it exactly. */
export function decimalToNumber(units: bigint): number | undefined {
  const value = Number(formatDecimal(units));
  return parseDecimal(value, 38) === units ? value : undefined;
}

const INEXACT = 'has more digits than a number holds: read it with exact';

export interface DecimalField {
  readonly kind: 'decimal';
  /** Digits in all. @default 18 */
  readonly precision?: DecimalPrecision;
  readonly min?: 0;
}

export interface DecimalTypes {
  input: number | string | bigint;
  output: number;
  exact: string;
  column: Float64Array;
  /** Units of 10^-8; where one of them exceeds 64 bits, the exact strings. */
  exactColumn: BigInt64Array | string[];
}

export const decimalKind: KindRules<DecimalField, bigint, DecimalTypes> = {
  toCanonical(value, { precision, min }, rounding) {
    const units = parseDecimal(value, precision, rounding);
    if (typeof units === 'string') return new Invalid(units);
    return min !== undefined && units < 0n ? new Invalid('must not be negative') : units;
  },
  toOutput(value, _, exact) {
    if (exact) return formatDecimal(value);
    return decimalToNumber(value) ?? new Invalid(INEXACT);
  },
  toColumn(values, _, exact) {
    if (exact) {
      return values.every((value) => BigInt.asIntN(64, value) === value)
        ? BigInt64Array.from(values)
        : values.map(formatDecimal);
    }
    const numbers = new Float64Array(values.length);
    for (const [i, value] of values.entries()) {
      const number = decimalToNumber(value);
      if (number === undefined) return new Invalid(INEXACT);
      numbers[i] = number;
    }
    return numbers;
  },
  toJson: formatDecimal,
  fromJson: asIs,
};
