import { keyOf, memoizedKeyOf } from './keys.js';
import { keyspaces } from './keyspaces.js';

it.each([
  [keyspaces.prediction.pattern, { predictionId: 'a:b' }],
  [keyspaces.featureValue.pattern, { symbol: 'latest', featureName: 'x%y' }],
  ['fixed', {}],
])('returns the keys of keyOf for %s on every call', (pattern, parts) => {
  const fast = memoizedKeyOf(pattern as '{symbol}');
  const expected = keyOf(pattern as '{symbol}', parts as { symbol: string });
  expect([fast(parts as { symbol: string }), fast(parts as { symbol: string })]).toEqual([
    expected,
    expected,
  ]);
});

it('distinguishes parts, also beyond the most keys it memoizes', () => {
  const fast = memoizedKeyOf(keyspaces.featureValue.pattern);
  for (let i = 0; i < 50_000; i++) {
    const parts = { symbol: `S${i % 211}`, featureName: `f${i % 307}` };
    expect(fast(parts) === keyOf(keyspaces.featureValue.pattern, parts)).toBe(true);
  }
});
