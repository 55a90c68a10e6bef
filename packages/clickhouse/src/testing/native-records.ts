import type { Field, RecordDefinition } from '@quantumtrade/dal-domain';
import { formatDecimal, MAX_INSTANT, MIN_INSTANT } from '@quantumtrade/dal-domain';
import fc from 'fast-check';

/** Values unlike any field, or nearly like one. */
const hostile = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withTypedArray: true }),
  fc.constantFrom<unknown>(
    null,
    undefined,
    NaN,
    Infinity,
    -Infinity,
    -0,
    2 ** 53,
    2 ** 32,
    2 ** 63,
    -1,
    0.5,
    -1n,
    2n ** 64n,
    2n ** 64n - 1n,
    9_999_999_999.999_999,
    '9999999999.99999999',
    '10000000000',
    '-0',
    '.5',
    '5.',
    '+1.5',
    '1e3',
    '1.123456789',
    '1.100000000',
    '１２',
    '',
    ' AAPL',
    'AA\u200bPL',
    '\ud800',
    'x'.repeat(65),
    'x'.repeat(257),
    'ü'.repeat(257),
    'x'.repeat(65_537),
    new Date(NaN),
    new Date('2024-02-29T12:00:00.001Z'),
    MIN_INSTANT - 1,
    MAX_INSTANT + 1,
    [1],
    ['\udfff'],
    [undefined],
    { a: Infinity },
    { '\ud800': 1 },
    { ['__proto__']: 1 },
    new Map([['a', 1]]),
    [],
    {},
    'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
    'a0eebc999c0b4ef8bb6d6bb9bd380a11----',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g',
    Symbol('row'),
    () => 1,
  ),
);

/** Code points but surrogates. The unit `binary` has the same, and a table of all of them that takes longer than most tests. */
const codePoint = fc.nat(0x10ffff - 0x800).map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));

const wellFormed = (min: number, max: number) =>
  fc.oneof(
    fc.string({ minLength: min, maxLength: Math.min(max, 80) }),
    fc.string({ minLength: min, maxLength: Math.floor(max / 2), unit: codePoint }),
    fc.constantFrom('AAPL', 'ÄÖ'.repeat(min + 20), '€'.repeat(43), '𝕏'.repeat(32)),
  );

const price = fc.oneof(
  fc.double({ min: -1e11, max: 1e11, noNaN: true }),
  fc.double({ min: -1000, max: 1000, noNaN: true }),
  fc.integer({ min: -10_000_000, max: 10_000_000 }).map((cents) => cents / 100),
  fc.tuple(fc.integer(), fc.integer({ min: 0, max: 12 })).map(([digits, shift]) => digits / 10 ** shift),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.integer({ min: 0, max: 9 }))
    .map(([digits, point]) => {
      const text = String(digits).padStart(point + 2, '0');
      return point === 0 ? text : `${text.slice(0, -point)}.${text.slice(-point)}`;
    }),
);

const volume = fc.oneof(
  fc.maxSafeNat(),
  fc.bigInt({ min: 0n, max: 10n ** 31n }),
  fc.double({ min: 0, max: 1e31, noNaN: true }),
  fc.bigInt({ min: 0n, max: 10n ** 38n }).map((units) => formatDecimal(units)),
);

function usual(field: Field): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case 'symbol':
      return wellFormed(1, 64);
    case 'label':
    case 'id':
      return wellFormed(1, 256);
    case 'text':
      return fc.oneof(wellFormed(0, 400), fc.constantFrom('x'.repeat(65_536), 'ü'.repeat(40_000)));
    case 'metadata':
      return fc.oneof(
        fc.constant('{}'),
        fc.dictionary(wellFormed(0, 20), wellFormed(0, 20), { maxKeys: 3 }).map((map) => JSON.stringify(map)),
        fc.constantFrom<unknown>('', 'null', '["a"]', '{"a":1}', '{', '{"a":"\\ud800"}', {}),
      );
    case 'instant': {
      const ms = fc.oneof(
        fc.integer({ min: MIN_INSTANT, max: MAX_INSTANT }),
        fc.integer({ min: Date.UTC(2024, 0, 30), max: Date.UTC(2024, 1, 2) }),
        fc.constantFrom(MIN_INSTANT, MAX_INSTANT, 0, -1, -0, 2 ** 32, -(2 ** 32)),
      );
      return fc.oneof(
        ms,
        ms.map((value) => new Date(value)),
      );
    }
    case 'decimal':
      return field.precision === 38 ? fc.oneof(volume, price) : price;
    case 'uint8':
      return fc.integer({ min: 0, max: 0xff });
    case 'uint16':
      return fc.integer({ min: 0, max: 0xffff });
    case 'uint32':
      return fc.integer({ min: 0, max: 0xffffffff });
    case 'uint64':
      return fc.oneof(fc.maxSafeNat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
    case 'float32':
    case 'float64':
      return fc.oneof(
        fc.double({ min: field.min ?? -1e300, max: field.max ?? 1e300, noNaN: true }),
        fc.constantFrom(
          5e-324,
          -5e-324,
          1e-45,
          -1e-50,
          3.4028234663852886e38,
          3.4028235677973366e38,
          1.0000000001,
        ),
      );
    case 'uuid':
      return fc.uuid();
    case 'texts':
      return fc.array(fc.oneof(wellFormed(0, 300), fc.constant('x'.repeat(300))), { maxLength: 5 });
    case 'numbers':
      return fc.dictionary(wellFormed(0, 60), fc.double({ noNaN: true, noDefaultInfinity: true }), {
        maxKeys: 5,
      });
  }
}

/** Returns records with mostly valid fields, so that many rows are accepted and the refused ones differ. */
export function recordsOf(definition: RecordDefinition, hostility: number): fc.Arbitrary<unknown[]> {
  const fields = Object.entries(definition.fields).map(([name, field]) => [
    name,
    fc.oneof({ weight: 100 - hostility, arbitrary: usual(field) }, { weight: hostility, arbitrary: hostile }),
  ]);
  const record = fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>);
  const row =
    hostility === 0 ? record : fc.oneof({ weight: 19, arbitrary: record }, { weight: 1, arbitrary: hostile });
  return fc.array(row, { maxLength: 40 });
}

/** Returns plain bars, for tests that need many. */
export function barRows(count: number) {
  return Array.from({ length: count }, (_, i) => {
    const close = (10_000 + ((i * 7_919) % 5_000)) / 100;
    return {
      symbol: `SYM${i % 500}`,
      timestamp: Date.UTC(2024, 0, 2) + i * 1_000,
      open: close,
      high: close + 0.25,
      low: close - 0.5,
      close,
      volume: 1_000 + i,
      adjustedClose: close / 3,
      source: 'vendor',
      qualityScore: i % 101,
    };
  });
}
