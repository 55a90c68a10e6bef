/** Digits after the point of every decimal in the data layer (ClickHouse `Decimal64(8)`). */
export const DECIMAL_SCALE = 8;
const UNIT = 10n ** BigInt(DECIMAL_SCALE);
const UNITS_PER_ONE = 10 ** DECIMAL_SCALE;
/** No two decimals of up to fifteen digits are the same number, so a number that equals one is that one. */
const UNIQUE_DECIMALS = 1e15;
/** Eighteen digits in all: the largest magnitude is 9999999999.99999999. */
const LIMIT = 10n ** 18n;

const PATTERN = /^([+-]?)(\d+)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i;

/** Quotient rounded half to even. The divisor is positive. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const rest = dividend % divisor;
  const doubled = (rest < 0n ? -rest : rest) * 2n;
  if (doubled < divisor || (doubled === divisor && quotient % 2n === 0n)) return quotient;
  return quotient + (dividend < 0n ? -1n : 1n);
}

/**
 * Parses a decimal into units of 10^-8.
 * A number is taken as its shortest decimal form and rounded half to even; a string must be exact at scale 8.
 * Returns the reason as a string when the value cannot be stored.
 */
export function parseDecimal(value: unknown): bigint | string {
  if (typeof value !== 'number' && typeof value !== 'string') return 'must be a number or a decimal string';
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return 'must be finite';
    const units = Math.round(value * UNITS_PER_ONE);
    if (Math.abs(units) < UNIQUE_DECIMALS && units / UNITS_PER_ONE === value) return BigInt(units);
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
    if (typeof value === 'string' && digits % divisor !== 0n) {
      return `must have at most ${DECIMAL_SCALE} digits after the point`;
    }
    units = divideHalfEven(digits, divisor);
  }
  if (units >= LIMIT) return 'must be below 10000000000 in magnitude';
  return sign === '-' ? -units : units;
}

/** The exact decimal string of a number of 10^-8 units, without trailing zeros. */
export function formatDecimal(units: bigint): string {
  const magnitude = units < 0n ? -units : units;
  const whole = magnitude / UNIT;
  const fraction = (magnitude % UNIT).toString().padStart(DECIMAL_SCALE, '0').replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${whole}${fraction && '.'}${fraction}`;
}

/** The number of those units, or undefined when no number stands for exactly this decimal. */
export function decimalToNumber(units: bigint): number | undefined {
  const value = Number(formatDecimal(units));
  return parseDecimal(value) === units ? value : undefined;
}
