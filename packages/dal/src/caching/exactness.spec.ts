import { marketData } from '@quantumtrade/dal-domain';
import { buildOutput } from '@quantumtrade/dal-testing/records';
import { exactnessOf } from './exactness.js';

const exact = Object.freeze(
  buildOutput('marketData', { high: '2.00000001', close: '1.5', adjustedClose: '1.5', volume: '7' }),
);

it('converts a record to numbers once, frozen and with the same date', () => {
  const withExactness = exactnessOf(marketData);
  const numbers = withExactness(exact, false);
  expect(numbers).toEqual({
    ...exact,
    open: 1,
    high: 2.00000001,
    low: 1,
    close: 1.5,
    adjustedClose: 1.5,
    volume: 7,
  });
  expect(numbers.timestamp).toBe(exact.timestamp);
  expect(Object.isFrozen(numbers)).toBe(true);
  expect(withExactness(exact, false)).toBe(numbers);
});

it('returns the record itself when exactness is asked for', () => {
  expect(exactnessOf(marketData)(exact, true)).toBe(exact);
});

it('refuses a value that no number represents on every call', () => {
  const withExactness = exactnessOf(marketData);
  const large = { ...exact, volume: '9007199254740993' };
  for (let reads = 0; reads < 2; reads++) {
    expect(() => withExactness(large, false)).toThrow('volume has more digits than a number holds');
  }
});
