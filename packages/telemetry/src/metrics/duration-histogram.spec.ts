import fc from 'fast-check';
import { OperationMetrics } from '../operation-metrics.js';
import { DurationHistogram } from './duration-histogram.js';

it('counts each duration in the first bucket that is not below it', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 20_000, noNaN: true })), (durations) => {
      const histogram = new DurationHistogram();
      for (const ms of durations) histogram.record(ms, undefined);
      const { bounds, counts, sum } = histogram.value();
      const expected = [...bounds, Infinity].map(
        (bound, n) =>
          durations.filter((ms) => ms <= bound * 1_000 && (n === 0 || ms > bounds[n - 1]! * 1_000)).length,
      );
      expect(counts).toEqual(expected);
      expect(sum * 1_000).toBeCloseTo(
        durations.reduce((total, ms) => total + ms, 0),
        3,
      );
    }),
  );
});

it('keeps the latest traced duration of each bucket as its exemplar', () => {
  const histogram = new DurationHistogram();
  histogram.record(3, { traceId: 'a', spanId: '1' });
  histogram.record(4, { traceId: 'b', spanId: '2' });
  histogram.record(4.5, undefined);
  histogram.record(20_000, { traceId: 'c', spanId: '3' });
  const { exemplars } = histogram.value();
  expect(exemplars.filter((each) => each !== undefined)).toEqual([
    { traceId: 'b', spanId: '2', value: 0.004, at: expect.any(Number) },
    { traceId: 'c', spanId: '3', value: 20, at: expect.any(Number) },
  ]);
  expect(exemplars.at(-1)!.traceId).toBe('c');
});

it('contains the exact percentiles of the same operations in its buckets', () => {
  const metrics = new OperationMetrics();
  for (let n = 1; n <= 1_000; n++) metrics.series('any').record(0, n / 7, n % 10 === 0 ? 'QUERY' : undefined);
  const { operations } = metrics.snapshot();
  const all = metrics.durations();
  expect(all.map(({ operation, errorType }) => [operation, errorType])).toEqual([
    ['any', undefined],
    ['any', 'QUERY'],
  ]);
  const { bounds } = all[0]!.durations;
  for (const [share, exactMs] of [
    [0.5, operations['any']!.p50],
    [0.95, operations['any']!.p95],
    [0.99, operations['any']!.p99],
  ] as const) {
    let below = 0;
    const bucket = [...bounds, Infinity].findIndex((_, n) => {
      for (const { durations } of all) below += durations.counts[n]!;
      return below >= share * 1_000;
    });
    expect(exactMs).toBeLessThanOrEqual((bounds[bucket] ?? Infinity) * 1_000);
    expect(exactMs).toBeGreaterThan((bounds[bucket - 1] ?? 0) * 1_000);
  }
});
