import fc from 'fast-check';
import { keyOf } from './keys.js';
import { keysWhere } from './keyspace.js';
import { keyspaces } from './keyspaces.js';
import { codePoint } from '../testing/code-point.js';

/** Parts that could collide: separators, escapes, fixed words, lone surrogates and placeholders. */
const part = fc.oneof(
  fc.string(),
  fc.string({ unit: codePoint }),
  fc
    .array(
      fc.constantFrom(
        ':',
        '%',
        '{',
        '}',
        'a',
        'l',
        '%6C',
        '%3A',
        '%25',
        'latest',
        'atest',
        'stream',
        'current',
        '\ud800',
        '\udc00',
        '%D800',
        '{symbol}',
        '$1',
      ),
      { maxLength: 4 },
    )
    .map((pieces) => pieces.join('')),
);

const patterns: string[] = Object.values(keyspaces).map(({ pattern }) => pattern);

/** Returns a key as the bytes that a server compares. */
const bytes = (pattern: string, parts: Record<string, string>) =>
  Buffer.from(keyOf(pattern, parts), 'utf8').toString('hex');

const placeholders = (pattern: string) => [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

/** Patterns with random parts. */
const place = fc
  .constantFrom(...patterns)
  .chain((pattern) =>
    fc.tuple(
      fc.constant(pattern),
      fc.record(Object.fromEntries(placeholders(pattern).map((name) => [name, part]))),
    ),
  );

it.each([undefined, null, 42, {}])('keyOf refuses the part %p', (symbol) => {
  const { pattern } = keyspaces.latestTick;
  const error = expect.objectContaining({ code: 'VALIDATION', field: 'symbol' });
  expect(() => keyOf(pattern, { symbol: symbol as string })).toThrow(error);
});

it('keyOf returns different keys for different parts or patterns', () => {
  fc.assert(
    fc.property(place, place, ([patternA, partsA], [patternB, partsB]) => {
      const same = patternA === patternB && placeholders(patternA).every((p) => partsA[p] === partsB[p]);
      expect(bytes(patternA, partsA) === bytes(patternB, partsB)).toBe(same);
    }),
    { numRuns: 5_000 },
  );
});

it('keyOf returns different keys for similar symbols', () => {
  const { pattern } = keyspaces.featureValue;
  fc.assert(
    fc.property(part, part, part, part, (symbolA, nameA, symbolB, nameB) => {
      const same = symbolA === symbolB && nameA === nameB;
      const a = bytes(pattern, { symbol: symbolA, featureName: nameA });
      expect(a === bytes(pattern, { symbol: symbolB, featureName: nameB })).toBe(same);
      expect(a === bytes(keyspaces.latestFeatures.pattern, { symbol: symbolA })).toBe(false);
    }),
    { numRuns: 5_000 },
  );
});

it.each([
  ['AAPL', 'rsi_14', 'features:AAPL:rsi_14'],
  ['BRK.B', 'sma 20', 'features:BRK.B:sma 20'],
  ['A:B', 'x%y', 'features:A%3AB:x%25y'],
  ['latest', 'latest', 'features:%6Catest:%6Catest'],
  ['stream', 'current', 'features:%73tream:%63urrent'],
  ['latest2', '{symbol}', 'features:latest2:{symbol}'],
  ['$&', '\ud83d\ude80', 'features:$&:🚀'],
  ['\ud83d', '', 'features:%D83D:'],
])('keyOf encodes %j and %j as %j', (symbol, featureName, key) => {
  expect(keyOf(keyspaces.featureValue.pattern, { symbol, featureName })).toBe(key);
});

const where = (pattern: string, parts: object) => keysWhere(pattern, parts, 'test');

it.each([
  [[]],
  [new Map([['symbol', 'A']])],
  [Object.create({ symbol: 'A' }) as object],
  [new Proxy({}, { getPrototypeOf: () => Array.prototype })],
])('keysWhere refuses parts that are no plain object: %p', (parts) => {
  expect(() => where('features:{symbol}:{featureName}', parts)).toThrow(/parts - must be a plain object/);
});

it('keysWhere selects exactly the keys with the given parts', () => {
  fc.assert(
    fc.property(place, place, fc.func(fc.boolean()), ([pattern, parts], [other, otherParts], isGiven) => {
      const given = Object.fromEntries(Object.entries(parts).filter(([name]) => isGiven(name)));
      const { has } = where(pattern, given);
      const otherHasThem = Object.entries(given).every(([name, value]) => otherParts[name] === value);
      expect(has(keyOf(pattern, parts))).toBe(true);
      expect(has(keyOf(other, otherParts))).toBe(pattern === other && otherHasThem);
    }),
    { numRuns: 5_000 },
  );
});

it.each([
  'features:AAPL:latest',
  'features:AAPL:rsi:14',
  'features:AAPL',
  'features:AAPL:%zz',
  'features:AAPL:%41',
  'features:AAPL:\ud800',
  'old:features:AAPL:rsi',
  'featuresXAAPL:rsi',
])('keysWhere does not select %j, which is outside the pattern', (key) => {
  expect(where(keyspaces.featureValue.pattern, {}).has(key)).toBe(false);
});

it.each([
  [{}, 'features:*:*'],
  [{ symbol: 'AAPL' }, 'features:AAPL:*'],
  [{ featureName: 'rsi' }, 'features:*:rsi'],
  [{ symbol: '*', featureName: 'a?[b]\\' }, 'features:\\*:a\\?\\[b\\]\\\\'],
  [{ symbol: 'A:B', featureName: 'latest' }, 'features:A%3AB:%6Catest'],
])('keysWhere translates %j to the glob %s', (parts, glob) => {
  expect(where(keyspaces.featureValue.pattern, parts).glob).toBe(glob);
});

it('keysWhere supports repeated placeholders and special characters in patterns', () => {
  const { has, glob } = where('(a.b)+{x}:{x}|', {});
  expect(glob).toBe('(a.b)+*:*|');
  expect(['(a.b)+1:1|', '(a.b)+1:2|', '(aXb)+1:1|'].map(has)).toEqual([true, false, false]);
});

it.each([
  [{ symbool: 'A' }, 'symbool'],
  [{ symbol: 7 }, 'symbol'],
  [{ symbol: undefined }, 'symbol'],
  [{ featureName: null }, 'featureName'],
  [null, 'parts'],
])('keysWhere refuses the parts %j', (parts, field) => {
  const select = () => where(keyspaces.featureValue.pattern, parts as object);
  expect(select).toThrow(expect.objectContaining({ code: 'VALIDATION', field, operation: 'test' }));
});
