import fc from 'fast-check';
import { OperationMetrics } from './index.js';

const observe = (metrics: OperationMetrics, operation: string, ms: number, isError = false) =>
  metrics.series(operation).record(0, ms, isError ? 'QUERY' : undefined);

const none = { count: 0, errors: 0, errorRate: 0, p50: 0, p95: 0, p99: 0, max: 0 };

describe('operation metrics', () => {
  it('are all zero before the first operation', () => {
    expect(new OperationMetrics().snapshot()).toEqual({
      ...none,
      operations: {},
      cacheHits: 0,
      cacheMisses: 0,
      cacheHitRate: 0,
      lastSuccessAt: undefined,
    });
  });

  it('report latency percentiles in milliseconds, accurate to a thousandth', () => {
    const metrics = new OperationMetrics();
    for (let ms = 1; ms <= 1_000; ms++) observe(metrics, 'marketData.range', ms);
    const { p50, p95, p99, max, count } = metrics.snapshot();
    expect(count).toBe(1_000);
    for (const [reported, exact] of [
      [p50, 500],
      [p95, 950],
      [p99, 990],
      [max, 1_000],
    ] as const) {
      expect(Math.abs(reported - exact) / exact).toBeLessThan(0.001);
    }
  });

  it('report nearest-rank percentiles for any latencies', () => {
    const latencies = fc.array(fc.double({ min: 1e-6, max: 3_600_000, noNaN: true }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(latencies, (durations) => {
        const metrics = new OperationMetrics();
        for (const ms of durations) observe(metrics, 'any', ms);
        const sorted = durations.toSorted((a, b) => a - b);
        const { p50, p95, p99 } = metrics.snapshot();
        for (const [reported, percent] of [
          [p50, 50],
          [p95, 95],
          [p99, 99],
        ] as const) {
          const exact = sorted[Math.max(Math.floor((percent / 100) * sorted.length + 0.5), 1) - 1]!;
          expect(Math.abs(reported - exact)).toBeLessThanOrEqual(exact * 0.001 + 1e-6);
        }
      }),
    );
  });

  it('are kept for each operation and for all operations together', () => {
    const metrics = new OperationMetrics();
    observe(metrics, 'fast', 1);
    observe(metrics, 'slow', 100);
    observe(metrics, 'slow', 100, true);
    const { operations, ...overall } = metrics.snapshot();
    expect(Object.keys(operations)).toEqual(['fast', 'slow']);
    expect(operations['fast']).toMatchObject({ count: 1, errors: 0, errorRate: 0 });
    expect(operations['fast']?.max).toBeCloseTo(1, 2);
    expect(operations['slow']).toMatchObject({ count: 2, errors: 1, errorRate: 0.5 });
    expect(overall).toMatchObject({ count: 3, errors: 1, errorRate: 1 / 3 });
    expect(overall.p50).toBeCloseTo(100, 0);
  });

  it('are not shared between instances', () => {
    const metrics = new OperationMetrics();
    observe(new OperationMetrics(), 'any', 1);
    expect(metrics.snapshot().count).toBe(0);
  });

  it('count durations of zero and of more than an hour', () => {
    const metrics = new OperationMetrics();
    observe(metrics, 'any', 0);
    observe(metrics, 'any', 1e9);
    const { count, max } = metrics.snapshot();
    expect(count).toBe(2);
    expect(Math.abs(max - 3_600_000)).toBeLessThan(3_600);
  });

  it('report the hit rate of cache lookups', () => {
    const metrics = new OperationMetrics();
    for (const hit of [true, true, true, false]) metrics.cacheLookup(hit);
    expect(metrics.snapshot()).toMatchObject({ cacheHits: 3, cacheMisses: 1, cacheHitRate: 0.75 });
  });

  it('report when an operation last succeeded', () => {
    const metrics = new OperationMetrics({ now: () => 5_000, elapsed: () => 2_000 });
    metrics.series('any').record(990, 1_000);
    metrics.series('other').record(900, 950);
    metrics.series('any').record(1_990, 2_000, 'QUERY');
    expect(metrics.snapshot().lastSuccessAt).toEqual(new Date(4_000));
  });
});
