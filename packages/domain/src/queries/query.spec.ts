import { feature } from '../records/feature.js';
import { marketData } from '../records/market-data.js';
import { sentiment } from '../records/sentiment.js';
import { strategyPerformance } from '../records/strategy-performance.js';
import type { QueryParams } from './query.js';
import { planQuery } from './query.js';

const fieldAtFault = (params: object, definition = marketData as Parameters<typeof planQuery>[0]) => {
  try {
    planQuery(definition, params as QueryParams, 'test');
  } catch (error) {
    return (error as { field?: string }).field;
  }
  return undefined;
};

describe('planQuery', () => {
  it('planQuery selects everything without parameters', () => {
    expect(planQuery(marketData, {}, 'test')).toEqual({
      equals: [],
      start: undefined,
      end: undefined,
      limit: undefined,
    });
  });

  it('planQuery converts parameters to canonical form', () => {
    const plan = planQuery(
      sentiment,
      {
        symbol: 'A',
        startTime: new Date(5),
        endTime: 9,
        limit: 3,
        filters: { source: 'x', contentHash: '18446744073709551615' },
      },
      'test',
    );
    expect(plan.equals.map(({ name, value }) => [name, value])).toEqual([
      ['symbol', 'A'],
      ['source', 'x'],
      ['contentHash', 18_446_744_073_709_551_615n],
    ]);
    expect(plan).toMatchObject({ start: 5, end: 9, limit: 3 });
  });

  it('planQuery parses filters of numbers and UUIDs from text', () => {
    expect(planQuery(feature, { filters: { featureVersion: '7' } }, 'test').equals[0]?.value).toBe(7);
    const id = 'ABCDEF01-2345-4678-9ABC-DEF012345678';
    expect(planQuery(strategyPerformance, { filters: { id } }, 'test').equals[0]?.value).toBe(
      id.toLowerCase(),
    );
  });

  it.each([
    [{ symbol: '' }, 'symbol'],
    [{ startTime: 'now' }, 'startTime'],
    [{ endTime: NaN }, 'endTime'],
    [{ startTime: 2, endTime: 1 }, 'startTime'],
    [{ limit: -1 }, 'limit'],
    [{ limit: 2 ** 32 }, 'limit'],
    [{ filters: { close: '1' } }, 'filters.close'],
    [{ filters: { toString: '1' } }, 'filters.toString'],
    [{ filters: { source: undefined } }, 'filters.source'],
  ])('planQuery refuses %j', (params, field) => {
    expect(fieldAtFault(params)).toBe(field);
  });

  it('planQuery refuses a symbol when the record has none', () => {
    expect(fieldAtFault({ symbol: 'A' }, strategyPerformance)).toBe('symbol');
  });

  it('planQuery accepts an empty range', () => {
    expect(fieldAtFault({ startTime: 1, endTime: 1 })).toBeUndefined();
  });
});

it.each<[unknown, string, unknown]>([
  [{ symbols: ['A'] }, 'symbols', 'unknown key, did you mean "symbol"?'],
  [{ startTme: 0 }, 'startTme', 'unknown key, did you mean "startTime"?'],
  [{ from: 0 }, 'from', 'unknown key, expected one of symbol, startTime, endTime, limit, filters'],
  [{ filters: { sorce: 'x' } }, 'filters.sorce', 'unknown key, did you mean "source"?'],
  [{ filters: null }, 'filters', 'must be a plain object'],
  [{ filters: Object.create({ source: 'x' }) }, 'filters', 'must be a plain object'],
  [{ filters: new Map([['source', 'x']]) }, 'filters', 'must be a plain object'],
  [{ limit: null }, 'limit', expect.any(String)],
  [{ limit: '5' }, 'limit', expect.any(String)],
  [[], 'params', 'must be an object'],
  [new Map(), 'params', 'must be an object'],
])('planQuery refuses the parameters %j by name', (params, field, reason) => {
  expect(() => planQuery(marketData, params as never, 'op')).toThrow(
    expect.objectContaining({ code: 'VALIDATION', field, reason }),
  );
});
