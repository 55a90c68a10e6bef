import type { BackendNames } from '@quantumtrade/dal-container';
import type { AggregatedData, DatabaseMetrics, StrategyPerformance } from '@quantumtrade/dal-domain';
import type { OperationStatistics } from '@quantumtrade/dal-telemetry';
import { count, milliseconds, seconds, table } from '../output.js';

/** One step of the demo. */
export interface DemoStep {
  name: string;
  /** Number of items that its name says. */
  count: number;
  durationMs: number;
}

/** Rows written by the demo, compared with the rows in the store. */
export interface Verification {
  what: string;
  expected: number;
  stored: number;
  ok: boolean;
}

/** Times of one read that missed the cache, and of its repetition that hit it. */
export interface CacheCheck {
  what: string;
  first: { hit: boolean; durationMs: number };
  second: { hit: boolean; durationMs: number };
}

export interface DemoSummary {
  backends: BackendNames;
  seed: number;
  durationMs: number;
  steps: DemoStep[];
  verifications: Verification[];
  cache: CacheCheck[];
  /** The bar of the S&P 500 of October 2008. */
  october2008: AggregatedData<true> | undefined;
  performance: StrategyPerformance[];
  metrics: DatabaseMetrics;
  operations: Readonly<Record<string, OperationStatistics>>;
}

export function describeSummary(summary: DemoSummary): string {
  const { backends, seed, steps, verifications, cache, october2008, performance, operations } = summary;
  const bar = october2008?.bar;
  return [
    `Store: ${backends.timeSeries}. Cache: ${backends.cache}. Seed: ${seed}.`,
    table(
      steps.map(({ name, count: n, durationMs }) => ({
        step: name,
        count: count(n),
        took: seconds(durationMs),
        'per second': count(Math.round((n * 1000) / durationMs)),
      })),
    ),
    'Rows, written against stored',
    table(
      verifications.map(({ what, expected, stored, ok }) => ({
        what,
        written: count(expected),
        stored: count(stored),
        equal: ok ? 'yes' : 'NO',
      })),
    ),
    'The same question twice',
    table(
      cache.map(({ what, first, second }) => ({
        what,
        first: milliseconds(first.durationMs),
        'from cache': first.hit ? 'yes' : 'no',
        second: milliseconds(second.durationMs),
        'from cache ': second.hit ? 'yes' : 'no',
      })),
    ),
    'Strategies by regime, a stake of 1,000 on each prediction (a demonstration, not advice)',
    table(
      performance.map((row) => ({
        strategy: row.strategyName,
        regime: row.marketRegime,
        trades: count(row.totalTrades),
        accuracy: row.accuracyRate?.toFixed(4),
        'win rate': row.winRate?.toFixed(4),
        'profit or loss': row.profitLoss.toFixed(2),
        sharpe: row.sharpeRatio?.toFixed(2),
        'max drawdown': row.maxDrawdown?.toFixed(4),
      })),
    ),
    'Latencies',
    table(
      Object.entries(operations)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([operation, { count: n, errors, p50, p95, p99, max }]) => ({
          operation,
          calls: count(n),
          errors: count(errors),
          p50: milliseconds(p50),
          p95: milliseconds(p95),
          p99: milliseconds(p99),
          max: milliseconds(max),
        })),
    ),
    ...(bar
      ? [
          `S&P 500 in October 2008: open ${bar.open}, high ${bar.high}, low ${bar.low}, close ${bar.close}, ` +
            `volume ${count(Number(bar.volume))}`,
        ]
      : []),
    `Done in ${seconds(summary.durationMs)}.`,
  ].join('\n\n');
}
