import fc from 'fast-check';
import { decimalToNumber, divideHalfEven, formatDecimal, parseDecimal } from './decimal.js';

const LIMIT = 10n ** 18n;
const UNIT = 100_000_000n;
const TOO_SMALL = 'must be 0, or at least 0.00000001 in magnitude';
const units = fc.bigInt({ min: 1n - LIMIT, max: LIMIT - 1n });

describe('parseDecimal', () => {
  it('parseDecimal reads every decimal that formatDecimal writes', () => {
    fc.assert(fc.property(units, (value) => parseDecimal(formatDecimal(value)) === value));
  });

  it('parseDecimal rounds a number half to even at eight digits', () => {
    const numbers = fc.oneof(
      fc.double({ min: -9e9, max: 9e9, noNaN: true }),
      fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }).map((cents) => cents / 100),
      fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((n) => n / 1e9),
    );
    fc.assert(
      fc.property(numbers, (number) => {
        const isTooSmall = number !== 0 && Math.abs(number) < 1e-8;
        expect(parseDecimal(number)).toEqual(isTooSmall ? TOO_SMALL : naiveUnits(number));
      }),
      { numRuns: 2_000 },
    );
  });

  it('parseDecimal rounds ties to the even digit', () => {
    const ties = [0.000000015, 0.000000025, -0.000000015, 1.000000005];
    expect(ties.map((tie) => parseDecimal(tie))).toEqual([2n, 2n, -2n, 100_000_000n]);
  });

  it.each([
    ['0', 0n],
    ['-0', 0n],
    ['+1.5', 150_000_000n],
    ['007.10', 710_000_000n],
    ['1.', 100_000_000n],
    ['1e3', 100_000_000_000n],
    ['12.5E-1', 125_000_000n],
    ['9999999999.99999999', LIMIT - 1n],
    ['-9999999999.99999999', 1n - LIMIT],
    ['0.000000010', 1n],
  ])('parseDecimal reads %s', (text, expected) => {
    expect(parseDecimal(text)).toBe(expected);
  });

  it.each(['', ' 1', '1 ', '.5', '1,5', '1_000', '0x10', 'Infinity', '1e', '--1', '1.2.3', '１'])(
    'parseDecimal refuses the text %j',
    (text) => {
      expect(typeof parseDecimal(text)).toBe('string');
    },
  );

  it.each([
    NaN,
    Infinity,
    -Infinity,
    1e10,
    -1e10,
    9999999999.999999999,
    null,
    undefined,
    10n ** 10n,
    {},
    true,
  ])('parseDecimal refuses %p', (value) => {
    expect(typeof parseDecimal(value)).toBe('string');
  });

  it('parseDecimal refuses a text with too many digits', () => {
    expect(parseDecimal('1.000000001')).toMatch(/at most 8 digits/);
    expect(parseDecimal('15e-9')).toMatch(/at most 8 digits/);
  });

  it('parseDecimal rounds a long text half to even when allowed', () => {
    const texts = ['1.000000005', '1.000000015', '-0.000000025', '99.9999999951', '123456789e-10'];
    expect(texts.map((text) => parseDecimal(text, 18, 'half-even'))).toEqual([
      100_000_000n,
      100_000_002n,
      -2n,
      10_000_000_000n,
      1_234_568n,
    ]);
    expect(parseDecimal('9999999999.999999995', 18, 'half-even')).toMatch(/must be below/);
  });

  it('parseDecimal refuses nonzero values smaller than one unit', () => {
    const small = [4e-9, 9.4e-9, 9.999999999999999e-9, 5e-324, '0.000000004', '9.4e-9', '1e-300'];
    for (const value of small) {
      for (const signed of [value, typeof value === 'number' ? -value : `-${value}`]) {
        expect(parseDecimal(signed)).toEqual(TOO_SMALL);
        expect(parseDecimal(signed, 38, 'half-even')).toEqual(TOO_SMALL);
      }
    }
    expect(
      [1e-8, '1e-8', '0.00000001', 0, -0, '0e-300', '0.000000000'].map((value) => parseDecimal(value)),
    ).toEqual([1n, 1n, 1n, 0n, 0n, 0n, 0n]);
  });

  it('parseDecimal reads a bigint as a whole number', () => {
    expect([0n, 7n, -7n].map((whole) => parseDecimal(whole))).toEqual([0n, 7n * UNIT, -7n * UNIT]);
  });

  it('parseDecimal keeps 38 digits when the field has them', () => {
    const top = `${'9'.repeat(30)}.99999999`;
    expect(parseDecimal(top, 38)).toBe(10n ** 38n - 1n);
    expect(parseDecimal(`-${top}`, 38)).toBe(1n - 10n ** 38n);
    expect(parseDecimal(1e29, 38)).toBe(10n ** 37n);
    expect(parseDecimal('1e30', 38)).toBe('must be below 10^30 in magnitude');
    expect(parseDecimal(10n ** 30n, 38)).toBe('must be below 10^30 in magnitude');
  });

  it('parseDecimal refuses texts of megabytes by their length', () => {
    expect(parseDecimal('1'.repeat(10_000_000))).toBe('must have at most 1000 characters');
    expect(parseDecimal(`0.${'0'.repeat(10_000_000)}`)).toBe('must have at most 1000 characters');
  });
});

describe('formatDecimal', () => {
  it.each([
    [0n, '0'],
    [1n, '0.00000001'],
    [-1n, '-0.00000001'],
    [100_000_000n, '1'],
    [-150_000_000n, '-1.5'],
    [LIMIT - 1n, '9999999999.99999999'],
  ])('formatDecimal writes %d units as %s', (value, expected) => {
    expect(formatDecimal(value)).toBe(expected);
  });
});

describe('decimalToNumber', () => {
  it('decimalToNumber returns a number only when it equals the decimal', () => {
    fc.assert(
      fc.property(units, (value) => {
        const number = decimalToNumber(value);
        return number === undefined || naiveUnits(number) === value;
      }),
    );
  });

  it('decimalToNumber converts every decimal of fifteen digits', () => {
    const short = fc.bigInt({ min: -(10n ** 15n) + 1n, max: 10n ** 15n - 1n });
    fc.assert(fc.property(short, (value) => parseDecimal(decimalToNumber(value)) === value));
  });

  it('decimalToNumber returns nothing when no number equals the decimal', () => {
    expect(decimalToNumber(LIMIT - 1n)).toBeUndefined();
    expect(decimalToNumber(123_456_789_012_345_678n)).toBeUndefined();
  });
});

describe('divideHalfEven', () => {
  it('divideHalfEven rounds to the nearest, ties to even', () => {
    const dividends = fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n });
    const divisors = fc.oneof(fc.bigInt({ min: 1n, max: 10n }), fc.bigInt({ min: 1n, max: 2n ** 70n }));
    fc.assert(
      fc.property(dividends, divisors, (dividend, divisor) => {
        const quotient = divideHalfEven(dividend, divisor);
        const rest = abs(dividend - quotient * divisor) * 2n;
        return rest < divisor || (rest === divisor && quotient % 2n === 0n);
      }),
      { numRuns: 2_000 },
    );
  });
});

const abs = (value: bigint): bigint => (value < 0n ? -value : value);

/** Returns the units of a number, computed digit by digit from its shortest form. */
function naiveUnits(number: number): bigint {
  const [mantissa, exponent = '0'] = String(Math.abs(number)).split('e');
  const [whole, fraction = ''] = mantissa!.split('.');
  const point = whole!.length + Number(exponent);
  const digits = `${'0'.repeat(400)}${whole}${fraction}${'0'.repeat(400)}`;
  const cut = 400 + point + 8;
  const kept = BigInt(digits.slice(0, cut));
  const rest = digits.slice(cut).replace(/0+$/, '');
  const up = rest > '5' || (rest === '5' && kept % 2n === 1n);
  const magnitude = kept + (up ? 1n : 0n);
  return number < 0 ? -magnitude : magnitude;
}
