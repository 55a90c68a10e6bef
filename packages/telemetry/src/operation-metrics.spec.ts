import fc from 'fast-check';
import { OperationMetrics } from './index.js';

const none = { count: 0, errors: 0, errorRate: 0, p50: 0, p95: 0, p99: 0, max: 0 };

describe('the metrics of operations', () => {
  it('are all zero before the first', () => {
    expect(new OperationMetrics().snapshot()).toEqual({
      ...none,
      operations: {},
      cacheHits: 0,
      cacheMisses: 0,
      cacheHitRate: 0,
      lastSuccessAt: undefined,
    });
  });

  it('tell the percentiles of latencies in milliseconds, to a thousandth', () => {
    const metrics = new OperationMetrics();
    for (let ms = 1; ms <= 1_000; ms++) metrics.observe('marketData.range', ms);
    const { p50, p95, p99, max, count } = metrics.snapshot();
    expect(count).toBe(1_000);
    for (const [told, exact] of [
      [p50, 500],
      [p95, 950],
      [p99, 990],
      [max, 1_000],
    ] as const) {
      expect(Math.abs(told - exact) / exact).toBeLessThan(0.001);
    }
  });

  it('are those of the nearest rank, whatever the latencies', () => {
    const latencies = fc.array(fc.double({ min: 1e-6, max: 3_600_000, noNaN: true }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(latencies, (durations) => {
        const metrics = new OperationMetrics();
        for (const ms of durations) metrics.observe('any', ms);
        const sorted = durations.toSorted((a, b) => a - b);
        const { p50, p95, p99 } = metrics.snapshot();
        for (const [told, percent] of [
          [p50, 50],
          [p95, 95],
          [p99, 99],
        ] as const) {
          const exact = sorted[Math.max(Math.floor((percent / 100) * sorted.length + 0.5), 1) - 1]!;
          expect(Math.abs(told - exact)).toBeLessThanOrEqual(exact * 0.001 + 1e-6);
        }
      }),
    );
  });

  it('are kept for each operation and for all together', () => {
    const metrics = new OperationMetrics();
    metrics.observe('fast', 1);
    metrics.observe('slow', 100);
    metrics.observe('slow', 100, { error: true });
    const { operations, ...overall } = metrics.snapshot();
    expect(Object.keys(operations)).toEqual(['fast', 'slow']);
    expect(operations['fast']).toMatchObject({ count: 1, errors: 0, errorRate: 0 });
    expect(operations['fast']?.max).toBeCloseTo(1, 2);
    expect(operations['slow']).toMatchObject({ count: 2, errors: 1, errorRate: 0.5 });
    expect(overall).toMatchObject({ count: 3, errors: 1, errorRate: 1 / 3 });
    expect(overall.p50).toBeCloseTo(100, 0);
  });

  it('belong to one instance', () => {
    const metrics = new OperationMetrics();
    new OperationMetrics().observe('any', 1);
    expect(metrics.snapshot().count).toBe(0);
  });

  it('count what takes no time at all and what takes more than an hour', () => {
    const metrics = new OperationMetrics();
    metrics.observe('any', 0);
    metrics.observe('any', 1e9);
    const { count, max } = metrics.snapshot();
    expect(count).toBe(2);
    expect(Math.abs(max - 3_600_000)).toBeLessThan(3_600);
  });

  it('tell how often the cache had an answer', () => {
    const metrics = new OperationMetrics();
    for (const hit of [true, true, true, false]) metrics.cacheLookup(hit);
    expect(metrics.snapshot()).toMatchObject({ cacheHits: 3, cacheMisses: 1, cacheHitRate: 0.75 });
  });

  it('tell when an operation last succeeded', () => {
    let now = 1_000;
    const metrics = new OperationMetrics(() => now);
    metrics.observe('any', 1);
    now = 2_000;
    metrics.observe('any', 1, { error: true });
    expect(metrics.snapshot().lastSuccessAt).toEqual(new Date(1_000));
  });
});
