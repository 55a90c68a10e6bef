import type { AggregationParams, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';
import { aggregationsOf } from './aggregations.js';
import { uniqueName } from './subject.js';

/** Instants of each interval, with the start of the bucket that holds them. */
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

/** Tests the assignment of instants to buckets. */
export function intervalTests({ it, expect }: TestRunner, backend: () => TimeSeriesBackend): void {
  const { bar, write, aggregate } = aggregationsOf(backend);

  for (const [interval, buckets] of Object.entries(BUCKETS)) {
    it(`aligns buckets of ${interval} in UTC`, async () => {
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
}
