import type { DecimalField, Field, FieldKind, FloatField } from '@quantumtrade/dal-domain';
import { MAX_INSTANT, MIN_INSTANT, SECONDS } from '@quantumtrade/dal-domain';
import fc from 'fast-check';

export type Arb<T = unknown> = fc.Arbitrary<T>;

/** Returns mostly the first few values, so that keys repeat, and sometimes any value, edge cases included. */
export const mostly = <T>(few: number, values: readonly T[]): Arb<T> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...values.slice(0, few)) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );

export const SYMBOLS = ['🚀', '\uff21', 'A', 'a', 'é', 'e\u0301', '日経', '__proto__', "O'N"];
export const LABELS = ['ü', 'x', 'X', '𝒜', 'constructor'];
export const IDS = ['p1', 'p2', 'P3', 'é4', '\u{1f680}5'];
const UUIDS = ['0', '7', 'f'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-${digit.repeat(12)}`);
export const HORIZONS = [0, 1, 60, 129_600, 4_294_967_295];
const BOUNDARIES = [
  '1900-01-01',
  '1969-12-29',
  '1970-01-01',
  '1970-01-05',
  '2000-02-29',
  '2024-01-01',
  '2024-03-10T07:00Z',
  '2024-03-31T01:00Z',
  '2024-11-03T06:00Z',
  '2024-07-01',
  '2299-12-31',
];
const OFFSETS = [0, 1, 999, 1_000, 60_000, 90_000, 3_600_000, 7 * 3_600_000, 86_400_000, 14 * 86_400_000];

export const instants: Arb<number> = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom(-1, 0, Date.UTC(2024, 2, 1) - 1, Date.UTC(2024, 2, 1)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...BOUNDARIES), fc.constantFrom(...OFFSETS), fc.constantFrom(-1, 1))
        .map(([boundary, offset, sign]) =>
          Math.min(MAX_INSTANT, Math.max(MIN_INSTANT, Date.parse(boundary) + sign * offset)),
        ),
    },
  )
  // Those could be seconds.
  .filter((ms) => ms < SECONDS.from || ms > SECONDS.to);
export const symbols = mostly(2, SYMBOLS);
export const labels = mostly(2, LABELS);

/** Replaces numbers below the smallest stored value with 0, because most doubles are that small. */
const orZero = (number: number, smallest: number): number => (Math.abs(number) < smallest ? 0 : number);

const decimals: Arb = fc.oneof(
  fc.constantFrom<unknown>(
    ...['9999999999.99999999', '-9999999999.99999999', '0.00000001', '-0.00000001', '1234567.12345678'],
    ...[0, -0, 0.1 + 0.2, 0.000000015, -0.000000025, 1e-8, 1e9 + 0.1],
  ),
  fc.integer({ min: -100_000, max: 100_000 }).map((cents) => cents / 100),
  fc.double({ min: -9e9, max: 9e9, noNaN: true }).map((number) => orZero(number, 1e-8)),
);

/** Decimals for volumes as well, so mostly not negative. */
const wideDecimals: Arb = fc.oneof(
  fc.constantFrom<unknown>(
    ...[0, 1, 2n, 0.5, 1_000_003, 2 ** 53, 2n ** 53n + 1n, 2n ** 64n, 10n ** 30n, 1e29, '0.00000001'],
    ...[`${'9'.repeat(30)}.99999999`, '0.123456789', '12.345678905'],
  ),
  fc.bigInt({ min: 0n, max: 2n ** 99n }),
  fc.double({ min: 0, max: 1e12, noNaN: true }).map((number) => orZero(number, 1e-8)),
);

const wholeNumbers = (max: number): Arb<number> => fc.oneof(fc.constantFrom(0, 1, max), fc.nat({ max }));

function floats({ kind, min, max }: FloatField): Arb<number> {
  const limit = kind === 'float32' ? 3e38 : 1e300;
  const smallest = kind === 'float32' ? 2 ** -149 : 0;
  const range = { min: min ?? -limit, max: max ?? limit, noNaN: true };
  const numbers = fc.oneof(
    fc.constantFrom(
      ...[0, -0, 0.1, 1 / 3, 1, -1, 1e-40, Math.max(smallest, 5e-324)].filter(
        (n) => n >= range.min && n <= range.max,
      ),
    ),
    fc.double({ ...range, min: Math.max(range.min, -1e6), max: Math.min(range.max, 1e6) }),
    fc.double(range),
  );
  return numbers.map((number) => orZero(number, smallest));
}

/** Values of each kind that most of its fields accept. */
const GOOD: Readonly<Record<FieldKind, (field: never) => Arb>> = {
  symbol: () => symbols,
  label: () => labels,
  id: () => fc.constantFrom(...IDS),
  uuid: () => fc.constantFrom(...UUIDS, UUIDS[2]!.toUpperCase()),
  text: () => fc.oneof(fc.constantFrom('', '\\N', '\u0000', "it's\t\n"), fc.string({ unit: 'grapheme' })),
  metadata: () => fc.constantFrom('{}', '{"unit":"%"}'),
  instant: () =>
    fc.oneof(
      instants,
      instants.map((ms) => new Date(ms)),
    ),
  decimal: ({ precision }: DecimalField) => (precision === 38 ? fc.oneof(wideDecimals, decimals) : decimals),
  uint8: () => wholeNumbers(0xff),
  uint16: () => wholeNumbers(0xffff),
  uint32: () => mostly(4, [...HORIZONS, 65_534]),
  uint64: () =>
    mostly<unknown>(3, [
      ...[0, 1, 2n, 1_000_003, 2 ** 53 - 1],
      ...[2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n],
    ]),
  float32: floats,
  float64: floats,
  texts: () => fc.array(fc.constantFrom('', 'b', 'a', "it's", '🚀'), { maxLength: 4 }),
  numbers: () =>
    fc.dictionary(fc.constantFrom('', 'a', '__proto__', "b'", '🚀'), floats({ kind: 'float64' }), {
      maxKeys: 3,
    }),
};

/** Returns values of a field's kind; its limits may refuse them. */
export const goodValue = (field: Field): Arb => GOOD[field.kind](field as never);

const badValues = fc.constantFrom<unknown>(
  1e-60,
  '0.0000000094',
  undefined,
  null,
  NaN,
  -1.5,
  'no such thing\ud800',
  2n ** 64n,
  {},
  new Date(NaN),
);

/** Returns mostly values that a field accepts. */
export const value = (field: Field): Arb =>
  fc.oneof(
    { weight: field.nullable ? 20 : 0, arbitrary: fc.constantFrom(null, undefined) },
    { weight: 60, arbitrary: goodValue(field) },
    { weight: 1, arbitrary: badValues },
  );
