import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { keyspaces } from '../keyspaces/keyspaces.js';
import type { Keyspace } from '../keyspaces/keyspace.js';
import {
  encodeCacheValue,
  encodeFor,
  encodeTextFor,
  JsonText,
  lossInJson,
  MAX_JSON_DEPTH,
  requireTtlMs,
  timestampOf,
} from './cache-value.js';

it('encodeCacheValue keeps every JSON value unchanged', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      fc.pre(
        !JSON.stringify(value, (_, item: unknown) => (Object.is(item, -0) ? 'minus' : item)).includes(
          'minus',
        ),
      );
      expect(JSON.parse(encodeCacheValue(value, 'test'))).toEqual(value);
    }),
  );
});

it('encodeCacheValue keeps members named __proto__ and values of another realm', () => {
  const given = JSON.parse('{"__proto__":{"admin":true},"a":[{"__proto__":1}]}') as object;
  expect(encodeCacheValue(given, 'test')).toBe(JSON.stringify(given));
  expect(encodeCacheValue(Object.assign(Object.create(null), { a: 1 }), 'test')).toBe('{"a":1}');
  expect(encodeCacheValue(runInNewContext('({ a: [1, { b: null }] })'), 'test')).toBe('{"a":[1,{"b":null}]}');
});

class WithAccessor {
  readonly a = 1;
  get b() {
    return 2;
  }
}
class List extends Array<number> {}

const named = Object.assign([1], { x: 2 });
const hidden = Object.defineProperty({}, 'x', { value: 1 });
const hiddenInArray = Object.defineProperty([1], 'x', { value: 1 });
const sparse = [1, , 2];

it.each<[string, unknown]>([
  ['undefined', undefined],
  ['NaN', NaN],
  ['-Infinity', -Infinity],
  ['-0', -0],
  ['bigint', 1n],
  ['function', () => 1],
  ['symbol', Symbol('x')],
  ['Map', new Map()],
  ['Set', new Set()],
  ['WeakMap', new WeakMap()],
  ['Date', new Date(0)],
  ['Date', new Date(NaN)],
  ['RegExp', /a/],
  ['Error', new Error('x')],
  ['Promise', Promise.resolve(1)],
  ['ArrayBuffer', new ArrayBuffer(8)],
  ['Float64Array', Float64Array.of(1.5)],
  ['Buffer', Buffer.from('a')],
  ['URL', new URL('http://a/b')],
  ['Number', Object(NaN)],
  ['String', Object('a')],
  ['WithAccessor', new WithAccessor()],
  ['List', List.of(1, 2)],
  ['function', { toJSON: () => 'other' }],
  ['undefined', { a: undefined }],
  ['a member named by a symbol', { [Symbol('a')]: 1 }],
  ['a member that is not enumerable, or inherited', hidden],
  ['Object', Object.create({ inherited: 1 })],
  ['an array with holes', sparse],
  ['an array with names', named],
  ['an array with names', hiddenInArray],
  ['a member that cannot be read', Object.defineProperty({}, 'x', { enumerable: true, get: fail })],
])('encodeCacheValue refuses %s at any depth', (name, value) => {
  const message = `Data validation failed: value - ${name} cannot be kept in JSON`;
  for (const wrapped of [value, [value], { a: { b: value } }, [1, { a: [value] }]]) {
    expect(() => encodeCacheValue(wrapped, 'test')).toThrow(message);
  }
});

function fail(): never {
  throw new Error('s3cr3t');
}

describe('a value that is too much', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

  it('encodeCacheValue refuses circular and too deeply nested values', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(encodeCacheValue(nested(MAX_JSON_DEPTH), 'test')).toContain('1');
    for (const value of [nested(MAX_JSON_DEPTH + 1), nested(5_000), circular]) {
      expect(() => encodeCacheValue(value, 'test')).toThrow('nesting of more than 100 levels');
    }
  });

  it('encodeCacheValue refuses values whose text would be too long', () => {
    let doubled: unknown = 'text';
    for (let i = 0; i < 60; i++) doubled = { a: doubled, b: doubled };
    expect(() => encodeCacheValue(doubled, 'test')).toThrow('a value of such a size');
    const text = 'x'.repeat(1024 * 1024);
    expect(() => encodeCacheValue(new Array(100).fill(text), 'test')).toThrow('a value of such a size');
    expect(() => encodeCacheValue(new Array(2 ** 31), 'test')).toThrow('a value of such a size');
  });
});

it.each([
  [0.000_01, 1],
  [0.001, 1],
  [1.005, 1_005],
  [30, 30_000],
])('requireTtlMs converts %d seconds to %d ms', (seconds, ms) => {
  expect(requireTtlMs(seconds, 'test')).toBe(ms);
});

it.each([
  ['1970-01-01T00:00Z', 0],
  ['1970-01-01T00:00:01Z', 1_000],
  ['1970-01-01T00:00:01.5Z', 1_500],
  ['1970-01-01T00:00:01.123999Z', 1_123],
  ['1969-12-31T23:59:59.999Z', -1],
])('timestampOf reads %s as %d', (timestamp, ms) => {
  expect(timestampOf({ timestamp })).toBe(ms);
});

it.each([
  [{}],
  [null],
  [[]],
  ['1970-01-01T00:00:00Z'],
  [{ timestamp: 0 }],
  [{ timestamp: new Date(0) }],
  [{ timestamp: '1970-01-01' }],
  [{ timestamp: '1970-01-01T00:00:00' }],
  [{ timestamp: '1970-01-01T00:00:00+00:00' }],
  [{ timestamp: '1970-13-01T00:00:00Z' }],
  [{ timestamp: 'Thu, 01 Jan 1970 00:00:00 GMT' }],
])('timestampOf finds no instant in %j', (value) => {
  expect(timestampOf(value)).toBeUndefined();
});

const at = new Date(1_700_000_000_000);
const odd = JSON.parse('{"__proto__":"a","\\ud800":"b"}') as Record<string, string>;

it.each([
  [
    keyspaces.latestFeatures,
    {
      symbol: 'A',
      timestamp: at,
      version: 1,
      features: { zero: -0, one: 1 },
      metadata: odd,
      featureMetadata: { zero: odd },
      calculationTimeMs: -0,
    },
  ],
  [keyspaces.marketRegime, { symbol: 'A', regime: 'bull', confidence: -0, timestamp: at }],
  [
    keyspaces.selectedStrategy,
    { symbol: 'A', strategyName: 's', marketRegime: 'bull', parameters: { zero: -0 }, timestamp: at },
  ],
  [
    keyspaces.session,
    {
      sessions: [
        { userId: 'u', sessionId: 's', startedAt: at, savedAt: at, attributes: { odd, list: [null] } },
      ],
      ended: { s: -0 },
    },
  ],
  [keyspaces.authContext, { userId: 'u', roles: ['r'], permissions: [] }],
  [keyspaces.authContext, 'revoked'],
] as [Keyspace<string, unknown>, unknown][])(
  'encodeTextFor encodes value %# without loss',
  (keyspace, value) => {
    expect(keyspace.encodesJson).toBe(true);
    expect(lossInJson(encodeFor(keyspace, value))).toBeUndefined();
    const text = encodeCacheValue(encodeTextFor(keyspace, value), 'test');
    expect(text).toBe(encodeCacheValue(encodeFor(keyspace, value), 'test'));
  },
);

it('encodeTextFor gives no text of a value that JSON would change', () => {
  const stored = encodeTextFor(keyspaces.featureValue, -0);
  expect(() => encodeCacheValue(stored, 'test')).toThrow('-0 cannot be kept in JSON');
});

it('a JsonText has the same text in JSON', () => {
  expect(JSON.stringify(new JsonText('{"a":[1,null]}'))).toBe('{"a":[1,null]}');
});
