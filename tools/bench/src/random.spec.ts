import { anyOf, slices, symbolNames, zipf } from './random.js';

const counts = (things: readonly string[]) => (thing: string) =>
  things.filter((each) => each === thing).length;

it('draws the first symbol ten times as often as the tenth', () => {
  const count = counts(zipf(symbolNames(1_000), 100_000));
  expect(count('SYM0') / count('SYM9')).toBeGreaterThan(9);
  expect(count('SYM0') / count('SYM9')).toBeLessThan(11);
  expect(count('SYM0') / 100_000).toBeCloseTo(1 / 7.485, 2);
});

it('draws the last symbol and none beyond', () => {
  const wanted = zipf(symbolNames(3), 10_000);
  expect(new Set(wanted)).toEqual(new Set(['SYM0', 'SYM1', 'SYM2']));
});

it('draws all symbols equally often when none is preferred', () => {
  const count = counts(anyOf(symbolNames(10), 100_000));
  for (const symbol of symbolNames(10)) expect(count(symbol) / 10_000).toBeCloseTo(1, 1);
});

it('draws the same symbols in each run', () => {
  expect(zipf(symbolNames(100), 100)).toEqual(zipf(symbolNames(100), 100));
  expect(zipf(symbolNames(100), 100)).not.toEqual(zipf(symbolNames(100), 100, 2));
});

it('cuts into pieces of one length and a shorter last one', () => {
  expect(slices([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
});
