import type { MarketDataBatch, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { buildRow } from './build-row.js';

const good = buildRow('marketData');

/** Returns a batch with one bar of each symbol. The bar of a symbol that begins with `!` is wrong. */
export const bars = (
  symbols: readonly string[],
  timestampOf: () => number = () => 0,
  source = 'test',
): MarketDataBatch => ({
  source,
  records: symbols.map((symbol) => ({
    ...good,
    symbol,
    timestamp: timestampOf(),
    ...(symbol.startsWith('!') && { close: NaN }),
  })),
});

/** More than the days of any month, in milliseconds. */
export const MONTH_MS = 31 * 86_400_000;

/** Returns the symbols of all stored bars, sorted. */
export async function storedSymbols(timeSeries: TimeSeriesBackend): Promise<string[]> {
  const { data } = await timeSeries.marketData.find({});
  return data.map(({ symbol }) => symbol).sort();
}
