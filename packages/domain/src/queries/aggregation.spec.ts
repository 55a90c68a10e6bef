import type { AggregateSums, AggregationParams } from './aggregation.js';
import { FLOAT_SCALE, planAggregation, toOutputAggregate } from './aggregation.js';

const fieldAtFault = (params: object) => {
  try {
    planAggregation(params as AggregationParams, 'test');
  } catch (error) {
    return (error as { field?: string }).field;
  }
  return undefined;
};

const ONE = 100_000_000n;

const sums = (more: Partial<AggregateSums> = {}): AggregateSums => ({
  intervalStart: 0,
  group: { symbol: 'A' },
  count: 2,
  valueCount: 2,
  min: ONE,
  max: 2n * ONE,
  sum: 3n * ONE,
  bar: { open: ONE, high: 2n * ONE, low: ONE, close: ONE, volume: 4n * ONE, weighted: 15n * ONE * ONE },
  ...more,
});

describe('planAggregation', () => {
  it('planAggregation defaults to market data closes by symbol, without interval', () => {
    expect(planAggregation({}, 'test')).toMatchObject({
      definition: { table: 'market_data' },
      width: undefined,
      groupBy: ['symbol'],
      measure: { name: 'close', field: { kind: 'decimal' } },
      bars: true,
    });
    expect(planAggregation({ record: 'strategyPerformance' }, 'test')).toMatchObject({
      groupBy: ['strategyName'],
      measure: { name: 'profitLoss' },
      bars: false,
    });
  });

  it('planAggregation groups by each field once in the given order', () => {
    const { groupBy } = planAggregation({ groupBy: ['source', 'symbol', 'source'] }, 'test');
    expect(groupBy).toEqual(['source', 'symbol']);
  });

  it.each([
    [{ record: 'bars' }, 'record'],
    [{ record: '__proto__' }, 'record'],
    [{ groupBy: ['marketRegime'] }, 'groupBy'],
    [{ measure: 'source' }, 'measure'],
    [{ interval: '5x' }, 'interval'],
    [{ limit: 0.5 }, 'limit'],
  ])('planAggregation refuses %j', (params, field) => {
    expect(fieldAtFault(params)).toBe(field);
  });
});

describe('toOutputAggregate', () => {
  const plan = planAggregation({}, 'test');

  it('toOutputAggregate computes means from sums', () => {
    expect(toOutputAggregate(plan, sums(), false)).toEqual({
      intervalStart: new Date(0),
      group: { symbol: 'A' },
      count: 2,
      min: 1,
      max: 2,
      avg: 1.5,
      bar: { open: 1, high: 2, low: 1, close: 1, volume: 4, vwap: 1.25 },
    });
    expect(toOutputAggregate(plan, sums(), true)).toMatchObject({
      min: '1',
      avg: '1.5',
      bar: { volume: '4', vwap: '1.25' },
    });
  });

  it('toOutputAggregate rounds means half to even', () => {
    const mean = (sum: bigint) => toOutputAggregate(plan, sums({ sum }), true).avg;
    expect([1n, 3n, 5n, -1n, -3n].map(mean)).toEqual(['0', '0.00000002', '0.00000002', '0', '-0.00000002']);
  });

  it('toOutputAggregate returns the number nearest to the mean', () => {
    const { avg } = toOutputAggregate(plan, sums({ sum: 2n * 123_456_789_012_345_678n }), false);
    expect(avg).toBe(1_234_567_890.12345678);
  });

  it('toOutputAggregate omits bucket start without interval, weighted price without volume', () => {
    const bar = { ...sums().bar!, volume: 0n, weighted: 0n };
    const aggregate = toOutputAggregate(plan, sums({ intervalStart: undefined, bar }), false);
    expect(aggregate.intervalStart).toBeNull();
    expect(aggregate.bar?.vwap).toBeNull();
  });

  it('toOutputAggregate names the value that no number can hold', () => {
    expect(() => toOutputAggregate(plan, sums({ max: 10n ** 18n - 1n }), false)).toThrow(
      /max has more digits/,
    );
    const bar = { ...sums().bar!, volume: 2n ** 60n * ONE };
    expect(() => toOutputAggregate(plan, sums({ bar }), false)).toThrow(/volume has more digits/);
    expect(toOutputAggregate(plan, sums({ bar }), true).bar?.volume).toBe('1152921504606846976');
  });

  it('toOutputAggregate returns means of floats unrounded', () => {
    const floats = planAggregation({ record: 'features' }, 'test');
    const { bar: _, ...rest } = sums({ min: 0.1, max: 0.2, sum: { total: 0.1 + 0.2, scaled: 0 } });
    expect(toOutputAggregate(floats, rest, true)).toMatchObject({
      min: 0.1,
      avg: (0.1 + 0.2) / 2,
      bar: null,
    });
  });

  it('toOutputAggregate averages floats whose sum overflows', () => {
    const floats = planAggregation({ record: 'features' }, 'test');
    for (const total of [Infinity, -Infinity, NaN]) {
      const sum = { total, scaled: (2 ** 1023 / FLOAT_SCALE) * 3 };
      expect(toOutputAggregate(floats, sums({ min: 0, max: Number.MAX_VALUE, sum }), true).avg).toBe(
        1.5 * 2 ** 1023,
      );
    }
  });

  it('toOutputAggregate averages whole numbers exactly or as the nearest number', () => {
    const whole = planAggregation({ measure: 'qualityScore' }, 'test');
    const avg = (sum: bigint, valueCount: number, exact: boolean) =>
      toOutputAggregate(whole, sums({ min: 0, max: 0, sum, valueCount }), exact).avg;
    expect(avg(7n, 2, true)).toBe('3.5');
    expect(avg(2n, 3, true)).toBe('0.66666667');
    expect(avg(2n ** 53n + 1n, 1, true)).toBe('9007199254740993');
    expect(avg(2n, 3, false)).toBe(2 / 3);
    // Off the midpoint of two numbers by one part in 3 * 2^53: neither the sum nor the quotient may be rounded first.
    expect(avg(3n * (2n ** 53n + 1n) + 1n, 3, false)).toBe(2 ** 53 + 2);
    expect(avg(3n * (2n ** 53n + 1n) - 1n, 3, false)).toBe(2 ** 53);
    expect(avg(3n * (2n ** 53n + 1n), 3, false)).toBe(2 ** 53);
  });

  it('toOutputAggregate returns null when no row has a value', () => {
    const metrics = planAggregation({ record: 'strategyPerformance', measure: 'winRate' }, 'test');
    const { bar: _, ...none } = sums({
      min: undefined,
      max: undefined,
      sum: { total: 0, scaled: 0 },
      valueCount: 0,
    });
    expect(toOutputAggregate(metrics, none, false)).toMatchObject({
      count: 2,
      min: null,
      max: null,
      avg: null,
    });
  });
});

it.each([
  [{ intervall: '1d' }, 'intervall'],
  [{ record: null }, 'record'],
  [{ groupBy: 'symbol' }, 'groupBy'],
  [{ groupBy: 5 }, 'groupBy'],
  [{ groupBy: [['symbol']] }, 'groupBy'],
  [{ measure: null }, 'measure'],
  [{ interval: ['1d'] }, 'interval'],
  [{ interval: null }, 'interval'],
])('planAggregation refuses the parameters %j by name', (params, field) => {
  expect(() => planAggregation(params as never, 'op')).toThrow(
    expect.objectContaining({ code: 'VALIDATION', field }),
  );
});
