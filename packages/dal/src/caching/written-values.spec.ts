import type { BatchResult } from '@quantumtrade/dal-domain';
import { isPlainData, writtenValues } from './written-values.js';

const result = (counts: Partial<BatchResult>) =>
  ({ insertedCount: 1, updatedCount: 0, supersededCount: 0, failedCount: 0, ...counts }) as BatchResult;

it('returns values of the call when the whole batch was stored', () => {
  const values = [1];
  const taken = writtenValues(() => [...values]);
  values.push(2);
  expect(taken(result({ updatedCount: 1 }))).toEqual([1]);
});

it('returns no values when a batch was partly refused or superseded', () => {
  const taken = writtenValues(() => [1]);
  expect(taken(result({ failedCount: 1 }))).toEqual([]);
  expect(taken(result({ updatedCount: 1, supersededCount: 1 }))).toEqual([]);
});

it('returns no values of a batch that cannot be read', () => {
  const taken = writtenValues(() => {
    throw new Error('a getter');
  });
  expect(taken(result({}))).toEqual([]);
});

it('isPlainData refuses members that may change between reads', () => {
  expect(isPlainData({ a: [1, { b: new Date(0) }], c: null })).toBe(true);
  for (const value of [
    {
      get a() {
        return 1;
      },
    },
    [
      {
        get a() {
          return 1;
        },
      },
    ],
    new (class Row {
      a = 1;
    })(),
    { a: new Map() },
  ]) {
    expect(isPlainData(value)).toBe(false);
  }
});
