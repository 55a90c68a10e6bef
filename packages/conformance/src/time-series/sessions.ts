import type { AggregationParams, MarketDataInput, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { caseOf } from './record-cases.js';
import { uniqueName, untyped } from './subject.js';

const marketDataCase = caseOf('marketData');

const HOUR = 3_600_000;

/** Instants, each with the start of its futures session and of that session's week. */
const FUTURES: readonly (readonly [instant: string, session: string, week: string])[] = [
  ['2024-01-07T22:59:59.999Z', '2024-01-06T23:00:00.000Z', '2023-12-31T23:00:00.000Z'],
  ['2024-01-07T23:00:00.000Z', '2024-01-07T23:00:00.000Z', '2024-01-07T23:00:00.000Z'],
  ['2024-01-08T22:59:59.999Z', '2024-01-07T23:00:00.000Z', '2024-01-07T23:00:00.000Z'],
  // Daylight saving time begins on 2024-03-10 and ends on 2024-11-03, both within a session.
  ['2024-03-10T21:59:59.999Z', '2024-03-09T23:00:00.000Z', '2024-03-03T23:00:00.000Z'],
  ['2024-03-10T22:00:00.000Z', '2024-03-10T22:00:00.000Z', '2024-03-10T22:00:00.000Z'],
  ['2024-11-03T22:59:59.999Z', '2024-11-02T22:00:00.000Z', '2024-10-27T22:00:00.000Z'],
  ['2024-11-03T23:00:00.000Z', '2024-11-03T23:00:00.000Z', '2024-11-03T23:00:00.000Z'],
  ['1969-12-31T22:59:59.999Z', '1969-12-30T23:00:00.000Z', '1969-12-28T23:00:00.000Z'],
];

/** Tests buckets of trading sessions. */
export function sessionTests(runner: TestRunner, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const write = async (timestamps: readonly number[]) => {
    const symbol = uniqueName();
    const records = timestamps.map(
      (timestamp) => marketDataCase.row(symbol, timestamp) as unknown as MarketDataInput,
    );
    await backend().marketData.insert({ records, source: 'vendor' });
    return symbol;
  };
  const buckets = async (params: AggregationParams) =>
    (await backend().analytics.aggregate(params)).data.map(({ intervalStart, count }) => [
      intervalStart!.toISOString(),
      count,
    ]);
  const counted = (starts: readonly string[]) => {
    const counts = new Map<string, number>();
    for (const start of starts.toSorted()) counts.set(start, (counts.get(start) ?? 0) + 1);
    return [...counts];
  };

  it('aggregates a futures session into one daily bar', async () => {
    const start = Date.UTC(2024, 0, 7, 23);
    const symbol = await write(Array.from({ length: 23 }, (_, n) => start + n * HOUR));
    for (const interval of ['1d', '1w'] as const) {
      expect(await buckets({ symbol, interval, session: 'us-futures' })).toEqual([
        ['2024-01-07T23:00:00.000Z', 23],
      ]);
    }
  });

  it('session buckets follow daylight saving time', async () => {
    const symbol = await write(FUTURES.map(([instant]) => Date.parse(instant)));
    expect(await buckets({ symbol, interval: '1d', session: 'us-futures' })).toEqual(
      counted(FUTURES.map(([, session]) => session)),
    );
    expect(await buckets({ symbol, interval: '1w', session: 'us-futures' })).toEqual(
      counted(FUTURES.map(([, , week]) => week)),
    );
  });

  it('an equities session starts at midnight in New York', async () => {
    const symbol = await write(['2024-03-10T04:59:59.999Z', '2024-03-11T03:59:59.999Z'].map(Date.parse));
    expect(await buckets({ symbol, interval: '1d', session: 'us-equities' })).toEqual([
      ['2024-03-09T05:00:00.000Z', 1],
      ['2024-03-10T05:00:00.000Z', 1],
    ]);
  });

  it('refuses unknown sessions and intervals other than day and week', async () => {
    const wrong = [
      { interval: '1d', session: 'nowhere' },
      { interval: '1h', session: 'us-futures' },
      { session: 'us-futures' },
    ];
    for (const params of wrong) {
      expect(await summaryOfRejection(() => backend().analytics.aggregate(untyped<object>(params)))).toEqual({
        code: 'VALIDATION',
        field: 'session',
      });
    }
  });
}
