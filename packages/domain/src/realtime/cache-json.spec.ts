import fc from 'fast-check';
import { encodeCacheValue, requireTtlMs } from './cache-json.js';

it('keeps every JSON value as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      expect(JSON.parse(encodeCacheValue(value, 'test'))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it('keeps what an object says of itself in toJSON', () => {
  expect(encodeCacheValue({ at: new Date(0) }, 'test')).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
});

it.each([
  ['undefined', undefined],
  ['NaN', NaN],
  ['-Infinity', -Infinity],
  ['bigint', 1n],
  ['function', () => 1],
  ['symbol', Symbol('x')],
  ['Map', new Map()],
  ['Set', new Set()],
  ['invalid Date', new Date(NaN)],
])('refuses %s at any depth and says so', (name, value) => {
  const message = `Data validation failed: value - ${name} cannot be kept in JSON`;
  for (const wrapped of [value, [value], { a: { b: value } }]) {
    expect(() => encodeCacheValue(wrapped, 'test')).toThrow(message);
  }
});

it.each([
  [0.000_01, 1],
  [0.001, 1],
  [1.005, 1_005],
  [30, 30_000],
])('takes %d seconds as %d ms', (seconds, ms) => {
  expect(requireTtlMs(seconds, 'test')).toBe(ms);
});
