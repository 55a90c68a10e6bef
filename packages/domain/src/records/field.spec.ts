import { isPlainMap } from '../arguments.js';
import type { Field } from './field.js';
import { fieldFromJson, requireField, rulesOf, toCanonicalField, toOutputField } from './field.js';
import { MAX_INSTANT, MIN_INSTANT } from './kinds/number.js';
import { Invalid } from './kinds/kind.js';

const accepts = (field: Field, value: unknown) => !(toCanonicalField(field, value) instanceof Invalid);

const kinds: Record<Field['kind'], { good: unknown[]; bad: unknown[] }> = {
  symbol: {
    good: ['A', 'BRK.B', '🚀', 'x'.repeat(64), 'a b'],
    bad: ['', 'x'.repeat(65), ' A', 'A\n', 'A\u0000B', 'A\u200bB', '\ud800', 5],
  },
  label: {
    good: ['x', ' ', 'Börse 株', 'x'.repeat(256)],
    bad: ['', 'x'.repeat(257), '\udc00', '\u0000', 'a\nb', 'a\u200bb', '\u007f', 5],
  },
  id: {
    good: ['x', 'a b', 'é', 'x'.repeat(256)],
    bad: ['', 'x'.repeat(257), '\u0000', 'a\tb', '\u202e', '\u0085', 5, {}],
  },
  metadata: {
    good: ['{}', ' {"a":"b"} ', '{"__proto__":""}'],
    bad: [
      '',
      'x',
      'null',
      '[]',
      '["a"]',
      '"s"',
      '5',
      '{"a":1}',
      '{"a":{}}',
      `{"a":"${'x'.repeat(65_536)}"}`,
      {},
    ],
  },
  text: { good: ['', 'x'.repeat(65_536)], bad: ['x'.repeat(65_537), '\ud800', 5] },
  instant: {
    good: [0, -1, MIN_INSTANT, MAX_INSTANT, new Date(0)],
    bad: [MIN_INSTANT - 1, MAX_INSTANT + 1, 0.5, NaN, new Date(NaN), '2024-01-01', 5n],
  },
  decimal: { good: [0, '1.5', -1e9, 1n], bad: ['x', 1e10, 10n ** 10n, 4e-9] },
  uint8: { good: [0, 255], bad: [-1, 256, 0.5, '5', 5n, NaN] },
  uint16: { good: [0, 65_535], bad: [-1, 65_536] },
  uint32: { good: [0, 4_294_967_295], bad: [-1, 4_294_967_296] },
  uint64: { good: [0, 2 ** 53 - 1, 2n ** 64n - 1n], bad: [-1, 2 ** 53, 2n ** 64n, -1n, 0.5, '5'] },
  float32: { good: [0, -3e38, 1e-45], bad: [3.5e38, 1e-50, -1e-50, NaN, Infinity, '1', 1n] },
  float64: { good: [0, 1.7e308, 5e-324], bad: [NaN, -Infinity, '1'] },
  uuid: {
    good: ['00000000-0000-4000-8000-00000000000f', 'ABCDEF01-2345-4678-9ABC-DEF012345678'],
    bad: ['', '00000000000040008000000000000000', 'g0000000-0000-4000-8000-000000000000', 5],
  },
  texts: { good: [[], ['', 'a']], bad: ['a', [1], [null], ['\ud800'], {}] },
  numbers: {
    good: [{}, { a: 1, '': -0.5 }, Object.create(null)],
    bad: [[], null, new Map([['a', 1]]), new Date(0), { a: '1' }, { a: NaN }, { '\ud800': 1 }, 'a'],
  },
};

describe('toCanonicalField', () => {
  it.each(Object.entries(kinds))(
    'toCanonicalField accepts valid and refuses invalid values of %s',
    (kind, { good, bad }) => {
      const field = { kind } as Field;
      expect(good.filter((value) => !accepts(field, value))).toEqual([]);
      expect([...bad, undefined, null].filter((value) => accepts(field, value))).toEqual([]);
    },
  );

  it('toCanonicalField converts each value to one form', () => {
    const holds = (field: Field, value: unknown) => expect(toCanonicalField(field, value));
    holds({ kind: 'instant' }, new Date(5)).toBe(5);
    holds({ kind: 'decimal' }, '0.5').toBe(50_000_000n);
    holds({ kind: 'uint64' }, 5).toBe(5n);
    holds({ kind: 'float32' }, 0.1).toBe(Math.fround(0.1));
    holds({ kind: 'uuid' }, 'ABCDEF01-2345-4678-9ABC-DEF012345678').toBe(
      'abcdef01-2345-4678-9abc-def012345678',
    );
  });

  it('toCanonicalField converts negative zero to zero', () => {
    for (const kind of ['instant', 'uint8', 'float32', 'float64'] as const) {
      expect(toCanonicalField({ kind }, -0)).toBe(0);
    }
    expect(toCanonicalField({ kind: 'numbers' }, { a: -0 })).toEqual({ a: 0 });
  });

  it('toCanonicalField refuses floats outside their limits', () => {
    const field: Field = { kind: 'float32', min: 0, max: 1 };
    expect([0, 1, 0.5].every((value) => accepts(field, value))).toBe(true);
    expect([-0.001, 1.000_000_001, -1e-40].some((value) => accepts(field, value))).toBe(false);
  });

  it('toCanonicalField copies lists and maps, __proto__ included', () => {
    const list = ['a'];
    expect(toCanonicalField({ kind: 'texts' }, list)).not.toBe(list);
    const map = Object.fromEntries([
      ['__proto__', 1],
      ['constructor', 2],
    ]);
    const canonical = toCanonicalField({ kind: 'numbers' }, map) as Record<string, number>;
    expect(canonical).not.toBe(map);
    expect(Object.entries(canonical)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ]);
    expect(Object.entries(toOutputField({ kind: 'numbers' }, canonical, false) as object)).toHaveLength(2);
  });
});

describe('toOutputField', () => {
  it('toOutputField returns decimals and 64-bit integers as numbers or exactly', () => {
    expect(toOutputField({ kind: 'decimal' }, 150_000_000n, false)).toBe(1.5);
    expect(toOutputField({ kind: 'decimal' }, 150_000_000n, true)).toBe('1.5');
    expect(toOutputField({ kind: 'uint64' }, 5n, false)).toBe(5);
    expect(toOutputField({ kind: 'uint64' }, 5n, true)).toBe(5n);
    expect(toOutputField({ kind: 'uint64', read: 'bigint' }, 5n, false)).toBe(5n);
  });

  it('toOutputField refuses values that a number would round', () => {
    expect(toOutputField({ kind: 'decimal' }, 10n ** 18n - 1n, false)).toBeInstanceOf(Invalid);
    expect(toOutputField({ kind: 'uint64' }, 2n ** 53n, false)).toBeInstanceOf(Invalid);
    expect(toOutputField({ kind: 'uint64' }, 2n ** 53n - 1n, false)).toBe(2 ** 53 - 1);
  });
});

describe('the JSON of a field', () => {
  it.each(Object.entries(kinds))('values of kind %s survive JSON unchanged', (kind, { good }) => {
    const field = { kind } as Field;
    for (const value of good) {
      const canonical = toCanonicalField(field, value);
      if (canonical instanceof Invalid || canonical === null) throw new Error(`${kind} is refused`);
      const json: unknown = JSON.parse(JSON.stringify(rulesOf(field).toJson(canonical)));
      expect(toCanonicalField(field, fieldFromJson(field, json))).toEqual(canonical);
    }
  });

  it('fieldFromJson parses no malformed text as a number', () => {
    const kindsOfNumbers: Field[] = [{ kind: 'uint8' }, { kind: 'uint64' }, { kind: 'float64' }];
    for (const field of kindsOfNumbers) {
      for (const text of ['', ' ', 'x', '-', '5x']) {
        expect(accepts(field, fieldFromJson(field, text))).toBe(false);
      }
    }
  });
});

describe('isPlainMap', () => {
  it('isPlainMap is true only for plain objects', () => {
    expect([{}, Object.create(null), { a: 1 }].every(isPlainMap)).toBe(true);
    expect([null, undefined, [], new Map(), new Date(), 'a', 1, () => 1].some(isPlainMap)).toBe(false);
  });
});

describe('an instant that is no epoch milliseconds', () => {
  const reason = (value: unknown) => {
    const canonical = toCanonicalField({ kind: 'instant' }, value);
    return canonical instanceof Invalid ? canonical.reason : canonical;
  };

  it.each<[string, readonly unknown[], string]>([
    [
      'seconds',
      [1_700_000_000, 300_000_000, 2_500_000_000, 1_700_000_000.25, 1_700_000_000n],
      'multiply by 1000',
    ],
    ['microseconds', [1_700_000_000_000_000, 1e14, 1_700_000_000_000_000n], 'divide by 1000'],
    ['nanoseconds', [1.7e18, 1_700_000_000_000_000_000n], 'divide by 1000000'],
  ])('refuses a timestamp that looks like %s with a hint', (unit, values, factor) => {
    for (const value of values) {
      expect(reason(value)).toMatch(new RegExp(`epoch milliseconds: it looks like ${unit}, ${factor}$`));
    }
  });

  it('accepts a timestamp as Date or plausible epoch milliseconds', () => {
    for (const ms of [0, 1, 5_000, 299_999_999, 2_500_000_001, 1_700_000_000_000, -1_700_000_000]) {
      expect(reason(ms)).toBe(ms);
    }
    expect(reason(new Date(1_700_000_000))).toBe(1_700_000_000);
  });

  it('refuses a bigint timestamp and asks for a number', () => {
    expect(reason(5n)).toBe('must be a valid Date or epoch milliseconds: give a number');
  });
});

it.each([
  new (class {
    get a() {
      return 1;
    }
  })(),
  Object.create({ a: 1 }) as object,
  new Map([['a', 1]]),
])('refuses a map of numbers with inherited entries', (value) => {
  expect(toCanonicalField({ kind: 'numbers' }, value)).toEqual(new Invalid('must be a map of numbers'));
});

describe('requireField', () => {
  it('requireField throws a validation error that names the field', () => {
    expect(requireField({ kind: 'label' }, 'source', 'x', 'test')).toBe('x');
    expect(() => requireField({ kind: 'label' }, 'source', '', 'test')).toThrow(
      expect.objectContaining({ code: 'VALIDATION', field: 'source', operation: 'test' }),
    );
  });
});
