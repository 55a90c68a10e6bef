import { feature } from '../records/feature.js';
import { marketData } from '../records/market-data.js';
import { outcome } from '../records/outcome.js';
import { sentiment } from '../records/sentiment.js';
import { strategyPerformance } from '../records/strategy-performance.js';
import type { RecordDefinition } from '../records/definition.js';
import { endOfPage, planColumns, planColumnStream, planPage, planStream } from './query.js';

const planOf = (definition: RecordDefinition, params: unknown) => planPage(definition, params, 'test', 50);

const fieldAtFault = (params: object, definition: RecordDefinition = marketData) => {
  try {
    planOf(definition, params);
  } catch (error) {
    return (error as { field?: string }).field;
  }
  return undefined;
};

describe('planPage', () => {
  it('planPage selects everything in key order without parameters', () => {
    for (const params of [{}, undefined]) {
      expect(planOf(marketData, params)).toEqual({
        missing: [],
        definition: marketData,
        equals: [],
        symbols: undefined,
        start: undefined,
        end: undefined,
        select: Object.keys(marketData.fields),
        order: { by: 'key', fields: ['symbol', 'timestamp', 'source'], descending: false },
        instants: 'date',
        after: undefined,
        limit: 50,
        maxScanRows: undefined,
        count: true,
      });
    }
  });

  it('planPage chooses time order when the first key field has one value', () => {
    const orderOf = (params: object, definition: RecordDefinition = marketData) =>
      planOf(definition, params).order;
    const byTime = { by: 'time', fields: ['timestamp', 'symbol', 'source'], descending: false };
    expect(orderOf({ symbol: 'A' })).toEqual(byTime);
    expect(orderOf({ symbols: ['A', 'A'] })).toEqual(byTime);
    expect(orderOf({ order: 'time' })).toEqual(byTime);
    expect(orderOf({ symbols: ['A', 'B'] }).by).toBe('key');
    expect(orderOf({ symbol: 'A', order: 'key', direction: 'descending' })).toEqual({
      by: 'key',
      fields: ['symbol', 'timestamp', 'source'],
      descending: true,
    });
    expect(orderOf({ symbol: 'A' }, outcome).by).toBe('time');
    expect(orderOf({ filters: { predictionId: 'p' } }, outcome).by).toBe('time');
    expect(orderOf({ filters: { strategyName: 's' } }, strategyPerformance).by).toBe('time');
    expect(orderOf({ filters: { marketRegime: 'r' } }, strategyPerformance).by).toBe('key');
  });

  it('planPage identifies feature sets by symbol, timestamp and version', () => {
    expect(planOf(feature, {}).order.fields).toEqual(['symbol', 'timestamp', 'featureVersion']);
    expect(planOf(feature, { symbol: 'A' }).order.fields).toEqual(['timestamp', 'symbol', 'featureVersion']);
    expect(planColumnStream(feature, {}, 'test').order.fields).toEqual(feature.key);
    expect(fieldAtFault({ select: ['symbol'] }, feature)).toBe('select');
  });

  it('planPage selects fields once, in the order of the definition', () => {
    expect(planOf(marketData, { select: ['close', 'symbol', 'close'] }).select).toEqual(['symbol', 'close']);
  });

  it('planPage sorts symbols and drops repeated ones', () => {
    expect(planOf(marketData, { symbols: ['b', 'a', 'b'] }).symbols).toEqual(['a', 'b']);
    expect(planOf(marketData, { symbols: [] })).toMatchObject({ symbols: [], equals: [] });
  });

  it('planPage converts parameters to canonical form', () => {
    const plan = planOf(sentiment, {
      symbol: 'A',
      startTime: new Date(5),
      endTime: 9,
      limit: 3,
      filters: { source: 'x', contentHash: '18446744073709551615' },
    });
    expect(plan.equals.map(({ name, value }) => [name, value])).toEqual([
      ['symbol', 'A'],
      ['source', 'x'],
      ['contentHash', 18_446_744_073_709_551_615n],
    ]);
    expect(plan).toMatchObject({ start: 5, end: 9, limit: 3 });
  });

  it('planPage parses filters of numbers and UUIDs from text', () => {
    expect(planOf(feature, { filters: { featureVersion: '7' } }).equals[0]?.value).toBe(7);
    const id = 'ABCDEF01-2345-4678-9ABC-DEF012345678';
    expect(planOf(strategyPerformance, { filters: { id } }).equals[0]?.value).toBe(id.toLowerCase());
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
    [{ symbol: 'A', symbols: ['B'] }, 'symbols'],
    [{ symbols: 'A' }, 'symbols'],
    [{ symbols: ['A', ''] }, 'symbols.1'],
    [{ select: [] }, 'select'],
    [{ select: 'close' }, 'select'],
    [{ select: ['close', 'price'] }, 'select'],
    [{ order: 'symbol' }, 'order'],
    [{ direction: 'down' }, 'direction'],
    [{ count: 1 }, 'count'],
    [{ cursor: 7 }, 'cursor'],
    [{ maxScanRows: 0 }, 'maxScanRows'],
    [{ batchRows: 5 }, 'batchRows'],
  ])('planPage refuses %j', (params, field) => {
    expect(fieldAtFault(params)).toBe(field);
  });

  it('planPage refuses a symbol when the record has none', () => {
    expect(fieldAtFault({ symbol: 'A' }, strategyPerformance)).toBe('symbol');
    expect(fieldAtFault({ symbols: [] }, strategyPerformance)).toBe('symbols');
  });

  it('planPage accepts an empty range', () => {
    expect(fieldAtFault({ startTime: 1, endTime: 1 })).toBeUndefined();
  });
});

it.each<[unknown, string, unknown]>([
  [{ symbls: ['A'] }, 'symbls', 'unknown key, did you mean "symbols"?'],
  [{ startTme: 0 }, 'startTme', 'unknown key, did you mean "startTime"?'],
  [
    { from: 0 },
    'from',
    'unknown key, expected one of symbol, symbols, startTime, endTime, filters, select, order, direction, maxScanRows, instants, limit, cursor, count',
  ],
  [{ filters: { sorce: 'x' } }, 'filters.sorce', 'unknown key, did you mean "source"?'],
  [{ filters: null }, 'filters', 'must be a plain object'],
  [{ filters: Object.create({ source: 'x' }) }, 'filters', 'must be a plain object'],
  [{ filters: new Map([['source', 'x']]) }, 'filters', 'must be a plain object'],
  [{ limit: null }, 'limit', expect.any(String)],
  [{ limit: '5' }, 'limit', expect.any(String)],
  [[], 'params', 'must be an object'],
  [new Map(), 'params', 'must be an object'],
])('planPage refuses the parameters %j by name', (params, field, reason) => {
  expect(() => planOf(marketData, params)).toThrow(
    expect.objectContaining({ code: 'VALIDATION', field, reason }),
  );
});

it('planStream has a batch size and no default limit', () => {
  expect(planStream(marketData, undefined, 'test')).toMatchObject({ batchRows: 10_000, limit: undefined });
  expect(planStream(marketData, { batchRows: 7, limit: 9 }, 'test')).toMatchObject({
    batchRows: 7,
    limit: 9,
  });
  for (const [params, field] of [
    [{ batchRows: 0 }, 'batchRows'],
    [{ cursor: 'x' }, 'cursor'],
    [{ count: true }, 'count'],
  ] as const) {
    const refused = expect.objectContaining({ code: 'VALIDATION', field });
    expect(() => planStream(marketData, params, 'test')).toThrow(refused);
  }
});

describe('the order none', () => {
  it('has no fields and is taken by all reads of rows', () => {
    const order = { by: 'none', fields: [], descending: false };
    for (const definition of [marketData, feature] as RecordDefinition[]) {
      for (const plan of [planOf, planStream, planColumnStream, planColumns]) {
        expect(plan(definition, { symbol: 'A', order: 'none' }, 'test').order).toEqual(order);
      }
    }
  });

  it('is refused beside a direction or cursor', () => {
    for (const direction of ['ascending', 'descending']) {
      for (const plan of [planOf, planColumns]) {
        expect(() => plan(marketData, { order: 'none', direction }, 'test')).toThrow(
          expect.objectContaining({ code: 'VALIDATION', field: 'direction' }),
        );
      }
    }
    const { nextCursor } = endOfPage(planOf(marketData, {}), true, ['A', 5, 'vendor']);
    for (const cursor of [nextCursor, 'x', '']) {
      expect(() => planOf(marketData, { order: 'none', cursor })).toThrow(
        expect.objectContaining({
          code: 'VALIDATION',
          field: 'cursor',
          reason:
            'must not be given together with the order none: it has no positions. Pages need the order time or key',
        }),
      );
    }
  });

  it('gives pages no cursor and counts them like others', () => {
    const plan = planOf(marketData, { order: 'none' });
    expect(plan).toMatchObject({ after: undefined, limit: 50, count: true });
    for (const hasMore of [true, false]) {
      expect(endOfPage(plan, hasMore, [])).toEqual({ hasMore, nextCursor: null });
    }
  });
});

it('planColumns refuses what only streams take', () => {
  expect(planColumns(marketData, { limit: 5 }, 'test').limit).toBe(5);
  expect(() => planColumns(marketData, { batchRows: 5 }, 'test')).toThrow(
    expect.objectContaining({ code: 'VALIDATION', field: 'batchRows' }),
  );
});
