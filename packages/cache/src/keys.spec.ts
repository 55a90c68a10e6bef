import { keyOf, keyspaces } from '@quantumtrade/dal-domain';
import { memoizedKeyOf } from './keys.js';

it.each([
  [keyspaces.prediction.pattern, { predictionId: 'a:b' }],
  [keyspaces.featureValue.pattern, { symbol: 'latest', featureName: 'x%y' }],
  ['fixed', {}],
])('gives the keys of keyOf for %s, however often', (pattern, parts) => {
  const fast = memoizedKeyOf(pattern as '{symbol}');
  const expected = keyOf(pattern as '{symbol}', parts as { symbol: string });
  expect([fast(parts as { symbol: string }), fast(parts as { symbol: string })]).toEqual([
    expected,
    expected,
  ]);
});

it('tells parts apart, and goes on when it has seen many', () => {
  const fast = memoizedKeyOf(keyspaces.featureValue.pattern);
  for (let i = 0; i < 50_000; i++) {
    const parts = { symbol: `S${i % 211}`, featureName: `f${i % 307}` };
    expect(fast(parts) === keyOf(keyspaces.featureValue.pattern, parts)).toBe(true);
  }
});
