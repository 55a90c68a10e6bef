import fc from 'fast-check';
import { marketData } from './market-data.js';
import { toCanonicalRow, columnOf, compareCanonical, toOutputRow } from './row.js';
import { absentFields } from '../testing/absent-fields.js';
import { codePoint } from '../testing/code-point.js';

const bar = {
  symbol: 'AAPL',
  timestamp: 0,
  open: 1,
  high: '2',
  low: 0.5,
  close: 1.5,
  volume: 10,
  adjustedClose: 1.5,
  source: 'vendor',
  qualityScore: 100,
};

describe('compareCanonical', () => {
  it('compareCanonical orders strings by their UTF-8 bytes', () => {
    const strings = fc.oneof(
      fc.string({ unit: codePoint }),
      fc
        .array(fc.constantFrom('a', 'é', '\uffff', '\ud7ff', '\ue000', '🚀', '𝒜'))
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(strings, strings, (a, b) => {
        expect(Math.sign(compareCanonical(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('compareCanonical orders numbers and bigints by value', () => {
    expect([10, 9, -1].sort(compareCanonical)).toEqual([-1, 9, 10]);
    expect([2n ** 64n, 9n, -1n].sort(compareCanonical)).toEqual([-1n, 9n, 2n ** 64n]);
  });
});

describe('toCanonicalRow', () => {
  it('toCanonicalRow reports the first invalid field of a row', () => {
    expect(toCanonicalRow(marketData, { ...bar, high: 'x', low: 'y' }, 7)).toEqual({
      error: { index: 7, field: 'high', reason: 'must be a decimal such as 101.25' },
    });
    expect(toCanonicalRow(marketData, null, 0)).toEqual({
      error: { index: 0, field: 'market_data', reason: 'must be an object' },
    });
  });

  it('toCanonicalRow omits fields outside the record', () => {
    const checked = toCanonicalRow(marketData, { ...bar, more: 1 }, 0);
    expect('row' in checked && Object.keys(checked.row)).toEqual(Object.keys(marketData.fields));
  });
});

describe('toOutputRow', () => {
  it('toOutputRow returns the row exactly or as numbers', () => {
    const checked = toCanonicalRow(marketData, bar, 0);
    if ('error' in checked) throw new Error(checked.error.reason);
    expect(toOutputRow(marketData, checked.row, false)).toEqual({
      ...absentFields(marketData),
      ...bar,
      timestamp: new Date(0),
      high: 2,
    });
    expect(toOutputRow(marketData, checked.row, true)).toMatchObject({ high: '2', low: '0.5', volume: '10' });
  });

  it('toOutputRow names the field that no number can hold', () => {
    const checked = toCanonicalRow(marketData, { ...bar, volume: 2n ** 60n }, 0);
    if ('error' in checked) throw new Error(checked.error.reason);
    expect(() => toOutputRow(marketData, checked.row, false)).toThrow(
      /volume has more digits than a number holds/,
    );
  });
});

describe('columnOf', () => {
  it('columnOf returns the name in snake case', () => {
    expect(['close', 'adjustedClose', 'calculationTimeMs'].map(columnOf)).toEqual([
      'close',
      'adjusted_close',
      'calculation_time_ms',
    ]);
  });
});
