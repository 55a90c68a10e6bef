import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SeededRandom } from '@quantumtrade/dal-runtime';
import { slices } from '../random.js';
import { sized } from '../sized.js';
import { barSymbols, type BenchBar } from '../write/bars.js';

/** Number of bars of one batch of minute bars. */
export const BATCH = sized(100_000, 2_000);
const BATCHES = sized(10, 2);
const SYMBOLS = 200;
const SEED = 42;
const START = Date.UTC(2024, 0, 2, 14, 30);
const MINUTE_MS = 60_000;

/** Daily bars of the S&P 500 index from 2000 to 2020, which `npm run demo` ingests: 5,105 bars of 244 months. */
export function demoBars(): BenchBar[] {
  const datasets = dirname(createRequire(import.meta.url).resolve('vega-datasets'));
  const [, ...lines] = readFileSync(join(datasets, '../data/sp500-2000.csv'), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [date, open, high, low, close, adjustedClose, volume] = line.split(',') as [string, ...string[]];
    return {
      symbol: '^GSPC',
      timestamp: Date.parse(date),
      open: open!,
      high: high!,
      low: low!,
      close: close!,
      adjustedClose: adjustedClose!,
      volume: volume!,
      qualityScore: 100,
    };
  });
}

/**
 * Returns 1,000,000 minute bars of 200 symbols within one month, in batches in order of time. Prices are a random walk in cents, the
 * same in each run.
 */
export function minuteBars(): BenchBar[][] {
  const random = new SeededRandom(SEED);
  const prices = barSymbols(SYMBOLS).map((symbol) => ({ symbol, price: 10 + 490 * random.next() }));
  const bars = Array.from({ length: BATCH * BATCHES }, (_, n) => {
    const walk = prices[n % SYMBOLS]!;
    const step = () => 1 + 0.002 * (random.next() - 0.5);
    const open = walk.price;
    const close = (walk.price = open * step());
    return {
      symbol: walk.symbol,
      timestamp: START + Math.floor(n / SYMBOLS) * MINUTE_MS,
      open: cents(open),
      high: cents(Math.max(open, close) * (1 + 0.0005 * random.next())),
      low: cents(Math.min(open, close) * (1 - 0.0005 * random.next())),
      close: cents(close),
      adjustedClose: cents(close),
      volume: Math.round(10_000 * random.next()),
      qualityScore: 100,
    };
  });
  return slices(bars, BATCH);
}

const cents = (price: number): number => Math.round(price * 100) / 100;
