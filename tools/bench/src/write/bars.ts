import type { Records } from './side.js';

export type BenchBar = Records[number];

const START = Date.UTC(2024, 0, 2, 14, 30);
const SYMBOLS = Array.from({ length: 200 }, (_, n) => `SYM${String(n).padStart(3, '0')}`);

/** Batches of one-second bars of 200 symbols, all of one month, no bar twice. Prices are numbers with two decimals. */
export function* benchBars(batchSize: number): Generator<Records, never> {
  for (let next = 0; ; next += batchSize) {
    yield Array.from({ length: batchSize }, (_, n) => barAt(next + n));
  }
}

function barAt(n: number): BenchBar {
  const open = 100 + ((n * 7919) % 10_000) / 100;
  const close = 100 + ((n * 104_729) % 10_000) / 100;
  return {
    symbol: SYMBOLS[n % SYMBOLS.length]!,
    timestamp: START + Math.floor(n / SYMBOLS.length) * 1_000,
    open,
    high: Math.max(open, close) + 0.25,
    low: Math.min(open, close) - 0.25,
    close,
    volume: (n * 31) % 100_000,
    adjustedClose: close,
    qualityScore: 100,
  };
}
