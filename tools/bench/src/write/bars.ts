import type { Records } from './side.js';

export type BenchBar = Records[number];

/** Bars of so many symbols, one of each at every step from the start on. */
export interface BarSeries {
  readonly symbols: readonly string[];
  readonly startMs: number;
  readonly stepMs: number;
}

/** Returns names of one length, so that their order is that of their numbers. */
export const barSymbols = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `SYM${String(n).padStart(String(count - 1).length, '0')}`);

/** One-second bars of 200 symbols; a month has room for more than a bench writes. */
const SECONDS: BarSeries = {
  symbols: barSymbols(200),
  startMs: Date.UTC(2024, 0, 2, 14, 30),
  stepMs: 1_000,
};

/** Batches of bars, no bar twice: each instant's bars of all symbols, then those of the next. Prices are numbers with two decimals. */
export function* benchBars(batchSize: number, series: BarSeries = SECONDS): Generator<Records, never> {
  for (let next = 0; ; next += batchSize) {
    yield Array.from({ length: batchSize }, (_, n) => barAt(series, next + n));
  }
}

function barAt({ symbols, startMs, stepMs }: BarSeries, n: number): BenchBar {
  const open = 100 + ((n * 7919) % 10_000) / 100;
  const close = 100 + ((n * 104_729) % 10_000) / 100;
  return {
    symbol: symbols[n % symbols.length]!,
    timestamp: startMs + Math.floor(n / symbols.length) * stepMs,
    open,
    high: Math.max(open, close) + 0.25,
    low: Math.min(open, close) - 0.25,
    close,
    volume: (n * 31) % 100_000,
    adjustedClose: close,
    qualityScore: 100,
  };
}
