import type { MarketDataBatch } from '@quantumtrade/dal-domain';

type Bar = MarketDataBatch['records'][number];

export const SOURCE = 'feed';
const START = Date.UTC(2024, 0, 10);
const MONTH_MS = 31 * 86_400_000;

/** Returns the bar of a number, which is its volume. A third of the bars is in another month, so that batches become two blocks. */
export function numberedBar(n: number): Bar {
  return {
    symbol: `S${n % 7}`,
    timestamp: START + n + (n % 3 === 0 ? MONTH_MS : 0),
    open: n + 0.25,
    high: n + 0.5,
    low: n - 0.125,
    close: n / 8,
    volume: n,
    adjustedClose: -n,
    qualityScore: n % 101,
  };
}

export const numberedBatch = (numbers: readonly number[]): MarketDataBatch => ({
  source: SOURCE,
  records: numbers.map(numberedBar),
});

/** Columns of {@link expectedLine}. */
export const BAR_COLUMNS =
  'volume, symbol, toUnixTimestamp64Milli(timestamp), open, high, low, close, adjusted_close, quality_score, source';

/** Returns the tab-separated line in which the engine returns a bar. */
export function expectedLine(n: number): string {
  const { symbol, timestamp, open, high, low, close, volume, adjustedClose, qualityScore } = numberedBar(n);
  return [volume, symbol, timestamp, open, high, low, close, adjustedClose, qualityScore, SOURCE].join('\t');
}
