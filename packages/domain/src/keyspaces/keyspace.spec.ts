import fc from 'fast-check';
import { keyOf } from './keyspace.js';
import { keyspaces } from './keyspaces.js';

/** Parts made of what could be confused: separators, escapes, fixed words, lone surrogates, placeholders. */
const part = fc.oneof(
  fc.string({ unit: 'binary' }),
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

const patterns = Object.values(keyspaces).map(({ pattern }) => pattern);

/** A key as the bytes that a server compares. */
const bytes = (pattern: string, parts: Record<string, string>) =>
  Buffer.from(keyOf(pattern, parts), 'utf8').toString('hex');

const placeholders = (pattern: string) => [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

it('never gives one key for two different parts or patterns', () => {
  const place = fc
    .constantFrom(...patterns)
    .chain((pattern) =>
      fc.tuple(
        fc.constant(pattern),
        fc.record(Object.fromEntries(placeholders(pattern).map((name) => [name, part]))),
      ),
    );
  fc.assert(
    fc.property(place, place, ([patternA, partsA], [patternB, partsB]) => {
      const same = patternA === patternB && placeholders(patternA).every((p) => partsA[p] === partsB[p]);
      expect(bytes(patternA, partsA) === bytes(patternB, partsB)).toBe(same);
    }),
    { numRuns: 5_000 },
  );
});

it('never gives one key for two symbols that are alike', () => {
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
])('writes %j and %j as %j', (symbol, featureName, key) => {
  expect(keyOf(keyspaces.featureValue.pattern, { symbol, featureName })).toBe(key);
});
