import type {
  AggregatedData,
  AggregationParams,
  GroupField,
  MarketDataInput,
} from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import {
  batchOf,
  marketDataKind,
  outcomeKind,
  predictionKind,
  sentimentKind,
  strategyPerformanceKind,
} from './kinds.js';
import { meanTests } from './means.js';
import { sessionTests } from './sessions.js';
import { sourceTests } from './sources.js';
import type { OpenTimeSeries } from './subject.js';
import {
  answer,
  byUtf8,
  DAY,
  describeSubject,
  TRICKY_NAMES,
  uniqueDay,
  uniqueName,
  untyped,
} from './subject.js';

/** Instants, and the starts of the buckets that hold them. */
const BUCKETS: Readonly<Record<string, readonly (readonly [instant: string, start: string])[]>> = {
  '1s': [['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.000Z']],
  '90s': [
    ['1969-12-31T23:58:29.999Z', '1969-12-31T23:57:00.000Z'],
    ['1970-01-01T00:01:29.999Z', '1970-01-01T00:00:00.000Z'],
    ['1970-01-01T00:01:30.000Z', '1970-01-01T00:01:30.000Z'],
  ],
  '5m': [
    ['1969-12-31T23:59:59.999Z', '1969-12-31T23:55:00.000Z'],
    ['2024-02-29T12:34:59.999Z', '2024-02-29T12:30:00.000Z'],
    ['2024-02-29T12:35:00.000Z', '2024-02-29T12:35:00.000Z'],
  ],
  '7h': [
    ['1969-12-31T23:59:59.999Z', '1969-12-31T17:00:00.000Z'],
    ['1970-01-01T07:00:00.000Z', '1970-01-01T07:00:00.000Z'],
  ],
  '1d': [
    ['1969-12-31T23:59:59.999Z', '1969-12-31T00:00:00.000Z'],
    ['2024-03-31T01:30:00.000Z', '2024-03-31T00:00:00.000Z'],
    ['2299-12-31T12:00:00.000Z', '2299-12-31T00:00:00.000Z'],
  ],
  '1w': [
    ['1969-12-28T23:59:59.999Z', '1969-12-22T00:00:00.000Z'],
    ['1969-12-29T00:00:00.000Z', '1969-12-29T00:00:00.000Z'],
    ['1970-01-04T23:59:59.999Z', '1969-12-29T00:00:00.000Z'],
    ['1970-01-05T00:00:00.000Z', '1970-01-05T00:00:00.000Z'],
    ['2024-01-07T23:59:59.999Z', '2024-01-01T00:00:00.000Z'],
  ],
  '2w': [
    ['1969-12-28T23:59:59.999Z', '1969-12-15T00:00:00.000Z'],
    ['1970-01-11T23:59:59.999Z', '1969-12-29T00:00:00.000Z'],
    ['1970-01-12T00:00:00.000Z', '1970-01-12T00:00:00.000Z'],
  ],
  '1mo': [
    ['1969-12-31T23:59:59.999Z', '1969-12-01T00:00:00.000Z'],
    ['2024-02-29T23:59:59.999Z', '2024-02-01T00:00:00.000Z'],
    ['2024-03-01T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
  ],
  '3mo': [
    ['1969-12-31T23:59:59.999Z', '1969-10-01T00:00:00.000Z'],
    ['1970-03-31T23:59:59.999Z', '1970-01-01T00:00:00.000Z'],
    ['1970-04-01T00:00:00.000Z', '1970-04-01T00:00:00.000Z'],
  ],
  '5mo': [
    ['1969-12-31T23:59:59.999Z', '1969-08-01T00:00:00.000Z'],
    ['1970-05-31T23:59:59.999Z', '1970-01-01T00:00:00.000Z'],
    ['1970-06-01T00:00:00.000Z', '1970-06-01T00:00:00.000Z'],
  ],
  '1q': [['2024-05-15T00:00:00.000Z', '2024-04-01T00:00:00.000Z']],
  '1y': [
    ['1900-01-01T00:00:00.000Z', '1900-01-01T00:00:00.000Z'],
    ['1969-12-31T23:59:59.999Z', '1969-01-01T00:00:00.000Z'],
    ['2299-12-31T23:59:59.999Z', '2299-01-01T00:00:00.000Z'],
  ],
  '100y': [
    ['1900-01-01T00:00:00.000Z', '1870-01-01T00:00:00.000Z'],
    ['2299-12-31T23:59:59.999Z', '2270-01-01T00:00:00.000Z'],
  ],
  '3000w': [['1900-01-01T00:00:00.000Z', '1855-01-01T00:00:00.000Z']],
};

/** What `Analytics` promises. */
export function analyticsSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'analytics', (backend) => {
    const { it, expect } = runner;
    const bar = (symbol: string, timestamp: number, more: Partial<MarketDataInput> = {}) =>
      ({ ...marketDataKind.row(symbol, timestamp), ...more }) as MarketDataInput;
    const write = (records: readonly MarketDataInput[], source = 'vendor') =>
      backend().marketData.insert({ records, source });
    const aggregate = async (params: AggregationParams) => (await backend().analytics.aggregate(params)).data;
    const exactly = async (params: AggregationParams) =>
      (await backend().analytics.aggregate(params, { exact: true })).data;
    const startsOf = (data: readonly AggregatedData<boolean>[]) =>
      data.map(({ intervalStart }) => intervalStart?.toISOString());

    meanTests(runner, backend);
    sourceTests(runner, backend);
    sessionTests(runner, backend);

    for (const [interval, buckets] of Object.entries(BUCKETS)) {
      it(`puts instants into buckets of ${interval}, aligned in UTC`, async () => {
        const symbol = uniqueName();
        await write(buckets.map(([instant]) => bar(symbol, 0, { timestamp: new Date(instant) })));
        const data = await aggregate({
          symbol,
          interval: interval as AggregationParams['interval'] & string,
        });
        const expected = new Map<string, number>();
        for (const [, start] of buckets) expected.set(start, (expected.get(start) ?? 0) + 1);
        expect(data.map(({ intervalStart, count }) => [intervalStart?.toISOString(), count])).toEqual([
          ...expected,
        ]);
      });
    }

    it('makes bars: first open, highest high, lowest low, last close, total volume, weighted price', async () => {
      const symbol = uniqueName();
      const day = uniqueDay();
      await write([
        bar(symbol, day + 2, { open: 11, high: 12.5, low: 10.5, close: 12, volume: 30 }),
        bar(symbol, day, { open: 10, high: 12, low: 9, close: 11, volume: 10 }),
        bar(symbol, day + DAY, { open: 12, high: 13, low: 11, close: 11.5, volume: 5 }),
      ]);
      const result = await backend().analytics.aggregate({ symbol, interval: '1d' });
      expect(answer(result)).toEqual({
        data: [
          {
            intervalStart: new Date(day),
            group: { symbol },
            count: 2,
            min: 11,
            max: 12,
            avg: 11.5,
            bar: { open: 10, high: 12.5, low: 9, close: 12, volume: 40, vwap: 11.41666667 },
          },
          {
            intervalStart: new Date(day + DAY),
            group: { symbol },
            count: 1,
            min: 11.5,
            max: 11.5,
            avg: 11.5,
            bar: { open: 12, high: 13, low: 11, close: 11.5, volume: 5, vwap: 11.83333333 },
          },
        ],
        totalCount: 2,
        cacheHit: false,
      });
    });

    it('opens a bucket with its first row by timestamp and then key, and closes it with the last', async () => {
      const day = uniqueDay();
      const symbol = uniqueName();
      await write(
        [bar(symbol, day, { open: 3, close: 3 }), bar(symbol, day + 1, { open: 4, close: 4 })],
        'b',
      );
      await write(
        [bar(symbol, day, { open: 1, close: 1 }), bar(symbol, day + 1, { open: 2, close: 2 })],
        'a',
      );
      const combined = await aggregate({ symbol, sources: 'combine' });
      expect(combined[0]?.bar).toMatchObject({ open: 1, close: 4 });
      const first = uniqueName('A');
      const last = uniqueName('b');
      const start = uniqueDay();
      await write([bar(last, start, { open: 8, close: 8 })], 'a');
      await write([bar(first, start, { open: 9, close: 9 })], 'z');
      const [together] = await aggregate({ startTime: start, endTime: start + DAY, groupBy: [] });
      expect(together).toMatchObject({ group: {}, count: 2, bar: { open: 9, close: 8 } });
    });

    it('has no weighted price where nothing was traded', async () => {
      const symbol = uniqueName();
      const day = uniqueDay();
      await write([bar(symbol, day, { volume: 0 }), bar(symbol, day + 1, { volume: 0 })]);
      expect((await aggregate({ symbol }))[0]?.bar).toMatchObject({ volume: 0, vwap: null });
      expect((await exactly({ symbol }))[0]?.bar).toMatchObject({ volume: '0', vwap: null });
    });

    it('rounds weighted prices half to even', async () => {
      const symbol = uniqueName();
      const flat = (price: string) => ({ open: price, high: price, low: price, close: price, volume: 1 });
      const day = uniqueDay();
      await write([bar(symbol, day, flat('0.00000001')), bar(symbol, day + 1, flat('0.00000002'))]);
      expect((await exactly({ symbol }))[0]?.bar?.vwap).toBe('0.00000002');
    });

    it('sums exactly what 18 and 38 digits hold, many times over', async () => {
      const symbol = uniqueName();
      const day = uniqueDay();
      const top = '9999999999.99999999';
      const huge = { open: top, high: top, low: top, close: top, volume: `${'9'.repeat(30)}.99999999` };
      await write([0, 1, 2].map((n) => bar(symbol, day + n, huge)));
      expect(await exactly({ symbol, measure: 'volume' })).toEqual([
        {
          intervalStart: null,
          group: { symbol },
          count: 3,
          min: huge.volume,
          max: huge.volume,
          avg: huge.volume,
          bar: {
            open: top,
            high: top,
            low: top,
            close: top,
            volume: `2${'9'.repeat(30)}.99999997`,
            vwap: top,
          },
        },
      ]);
      expect(await summaryOfRejection(() => aggregate({ symbol }))).toEqual({ code: 'QUERY' });
    });

    it('summarises each measure of each record', async () => {
      const day = uniqueDay();
      const range = { startTime: day, endTime: day + DAY };
      const scope = uniqueName();
      for (const kind of [
        marketDataKind,
        sentimentKind,
        predictionKind,
        outcomeKind,
        strategyPerformanceKind,
      ]) {
        await kind.insert(backend(), batchOf(kind, [kind.row(scope, day), kind.row(scope, day, 2)]));
      }
      await backend().features.insert([
        { symbol: scope, timestamp: day, features: { a: 0.1, b: 0.3 }, version: 1, calculationTimeMs: 4 },
      ]);
      const summaries: [AggregationParams, Partial<Record<'min' | 'max' | 'avg', unknown>>][] = [
        [{ measure: 'close' }, { min: '101', max: '101', avg: '101' }],
        [{ measure: 'volume' }, { min: '1000', max: '1002', avg: '1001' }],
        [{ measure: 'qualityScore' }, { min: 90, max: 90, avg: '90' }],
        [{ record: 'sentiment' }, { min: -0.5, max: -0.5, avg: -0.5 }],
        [
          { record: 'sentiment', measure: 'confidence' },
          { min: 0.75, avg: 0.75 },
        ],
        [{ record: 'features' }, { min: 0.1, max: 0.3, avg: 0.2 }],
        [
          { record: 'features', measure: 'calculationTimeMs' },
          { min: 4, max: 4, avg: '4' },
        ],
        [{ record: 'predictions' }, { min: '101.25', avg: '101.25' }],
        [
          { record: 'predictions', measure: 'modelLatencyMs' },
          { min: 12, avg: 12 },
        ],
        [{ record: 'outcomes' }, { min: '-1.25', max: '-1.25', avg: '-1.25' }],
        [
          { record: 'outcomes', measure: 'accuracyScore' },
          { min: 0.875, avg: 0.875 },
        ],
        [{ record: 'strategyPerformance' }, { min: '1234.5', avg: '1234.5' }],
        [
          { record: 'strategyPerformance', measure: 'totalTrades' },
          { max: 40, avg: '40' },
        ],
        [
          { record: 'strategyPerformance', measure: 'maxDrawdown' },
          { max: -0.25, avg: -0.25 },
        ],
      ];
      for (const [params, summary] of summaries) {
        const data = await exactly({ ...range, ...params });
        const isBar = (params.record ?? 'marketData') === 'marketData';
        expect(data.map(({ count, bar: ohlcv }) => [count, ohlcv !== null])).toEqual([[2, isBar]]);
        expect(data[0]).toMatchObject(summary);
      }
    });

    it('groups by every field that a record can be grouped by, in the order asked for', async () => {
      const day = uniqueDay();
      const range = { startTime: day, endTime: day + DAY };
      const [one, two] = [uniqueName(), uniqueName()].toSorted() as [string, string];
      await write([bar(two, day), bar(one, day + 1), bar(one, day + 2)], 'a');
      await write([bar(one, day + 3)], 'B');
      const groups = async (params: AggregationParams) =>
        (await aggregate({ ...range, ...params })).map(({ group, count }) => [group, count]);
      expect(await groups({})).toEqual([
        [{ symbol: one }, 3],
        [{ symbol: two }, 1],
      ]);
      expect(await groups({ groupBy: ['source'] })).toEqual([
        [{ source: 'B' }, 1],
        [{ source: 'a' }, 3],
      ]);
      expect(await groups({ groupBy: ['source', 'symbol'] })).toEqual([
        [{ source: 'B', symbol: one }, 1],
        [{ source: 'a', symbol: one }, 2],
        [{ source: 'a', symbol: two }, 1],
      ]);
      expect(await groups({ groupBy: ['symbol', 'source', 'symbol'] })).toEqual([
        [{ symbol: one, source: 'B' }, 1],
        [{ symbol: one, source: 'a' }, 2],
        [{ symbol: two, source: 'a' }, 1],
      ]);
      expect(await groups({ groupBy: [] })).toEqual([[{}, 4]]);
    });

    it('groups the other records by symbol, source, strategy, regime, model and feature', async () => {
      const day = uniqueDay();
      const symbol = uniqueName();
      for (const kind of [sentimentKind, predictionKind, outcomeKind, strategyPerformanceKind]) {
        await kind.insert(backend(), batchOf(kind, [kind.row(symbol, day)]));
      }
      await backend().features.insert([{ symbol, timestamp: day, features: { b: 1, a: 2 }, version: 1 }]);
      const groups = async (record: NonNullable<AggregationParams['record']>, ...groupBy: GroupField[]) =>
        (await aggregate({ startTime: day, endTime: day + 1, record, groupBy })).map(({ group }) => group);
      expect(await groups('sentiment', 'symbol', 'source')).toEqual([{ symbol, source: 'newswire' }]);
      expect(await groups('predictions', 'modelVersion', 'marketRegime', 'strategyName', 'symbol')).toEqual([
        { modelVersion: 'gbm-7', marketRegime: 'bull', strategyName: 'momentum', symbol },
      ]);
      expect(await groups('outcomes', 'strategyName', 'marketRegime', 'symbol')).toEqual([
        { strategyName: 'momentum', marketRegime: 'bull', symbol },
      ]);
      expect(await groups('strategyPerformance', 'marketRegime', 'strategyName')).toEqual([
        { marketRegime: 'bull', strategyName: symbol },
      ]);
      expect(await groups('features', 'featureName', 'symbol')).toEqual([
        { featureName: 'a', symbol },
        { featureName: 'b', symbol },
      ]);
    });

    it('orders by bucket, then by group as UTF-8 bytes do', async () => {
      const day = uniqueDay();
      await write(TRICKY_NAMES.flatMap((name) => [bar(name, day + DAY), bar(name, day)]));
      const data = await aggregate({ startTime: day, endTime: day + 2 * DAY, interval: '1d' });
      const symbols = TRICKY_NAMES.toSorted(byUtf8);
      expect(data.map(({ group }) => group.symbol)).toEqual([...symbols, ...symbols]);
      expect(new Set(startsOf(data)).size).toBe(2);
    });

    it('limits aggregates, not rows, and counts those beyond the limit too', async () => {
      const symbol = uniqueName();
      const day = uniqueDay();
      await write([0, 1, DAY, DAY + 1].map((offset) => bar(symbol, day + offset)));
      for (const limit of [0, 1, 2, 3]) {
        const result = await backend().analytics.aggregate({ symbol, interval: '1d', limit });
        expect(result.data.map(({ count }) => count)).toEqual([2, 2].slice(0, limit));
        expect(result.totalCount).toBe(2);
      }
    });

    it('takes only rows of the range and the filters, each in its one valid version', async () => {
      const symbol = uniqueName();
      const day = uniqueDay();
      const times = [day, day + 1, day + 2, day + 3];
      await write(times.map((time) => bar(symbol, time, { close: 1 })));
      await write(times.map((time) => bar(symbol, time, { close: 2 })));
      await write([bar(symbol, day + 1, { close: 100 })], 'other');
      const range = { symbol, startTime: day + 1, endTime: day + 3, filters: { source: 'vendor' } };
      expect((await aggregate(range))[0]).toMatchObject({ count: 2, min: 2, max: 2, avg: 2 });
    });

    it('gives nothing for nothing: no bucket without rows', async () => {
      const nothing = { data: [], totalCount: 0, cacheHit: false };
      const { analytics } = backend();
      const symbol = uniqueName();
      expect(answer(await analytics.aggregate({ symbol }))).toEqual(nothing);
      expect(answer(await analytics.aggregate({ symbol, interval: '1mo', groupBy: [] }))).toEqual(nothing);
      expect(answer(await analytics.aggregate({ symbol, groupBy: [] }))).toEqual(nothing);
    });

    it('refuses wrong parameters, naming them', async () => {
      const wrong: [object, string][] = [
        ...['', '0m', '1', 'm', '-1d', '1.5h', '1 d', '5M', '1001y', '12001mo', '60000w'].map(
          (interval): [object, string] => [{ interval }, 'interval'],
        ),
        [{ record: 'bars' }, 'record'],
        [{ record: 'constructor' }, 'record'],
        [{ groupBy: ['volume'] }, 'groupBy'],
        [{ groupBy: ['constructor'] }, 'groupBy'],
        [{ record: 'sentiment', groupBy: ['strategyName'] }, 'groupBy'],
        [{ measure: 'symbol' }, 'measure'],
        [{ measure: '1); DROP TABLE market_data; --' }, 'measure'],
        [{ record: 'features', measure: 'close' }, 'measure'],
        [{ sources: 'add' }, 'sources'],
        [{ record: 'sentiment', sources: 'combine' }, 'sources'],
        [{ limit: -1 }, 'limit'],
        [{ startTime: 'now' }, 'startTime'],
        [{ filters: { close: '1' } }, 'filters.close'],
        [{ record: 'strategyPerformance', symbol: 'AAPL' }, 'symbol'],
      ];
      for (const [params, field] of wrong) {
        expect(await summaryOfRejection(() => aggregate(untyped(params)))).toEqual({
          code: 'VALIDATION',
          field,
        });
      }
    });
  });
}
