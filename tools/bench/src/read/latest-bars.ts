import type { MarketData } from '@quantumtrade/dal-domain';
import { requireRows } from './one-caller.js';
import { rawRows } from './raw.js';
import type { BarTable } from './tables.js';

/** One lookup of a symbol's latest bar. It fails when the answer is not that bar. */
export type Lookup = (symbol: string) => Promise<void>;

/** Returns the uncached lookups of a table's latest bars, through the data layer and as plain SQL. */
export function latestBars({ backend, raw, series, barsPerSymbol }: BarTable): { ours: Lookup; raw: Lookup } {
  const newest = series.startMs + (barsPerSymbol - 1) * series.stepMs;
  return {
    ours: async (symbol) => {
      const { data } = await backend.marketData.latest(symbol, 1);
      requireLatest(data, symbol, newest);
    },
    raw: async (symbol) => {
      const query =
        'SELECT * FROM market_data WHERE symbol = {symbol:String} ORDER BY timestamp DESC LIMIT 1';
      requireRows(await rawRows(raw, { query, query_params: { symbol } }), 1);
    },
  };
}

/** Throws unless the rows are the one bar of this symbol and instant. */
export function requireLatest(rows: readonly MarketData[], symbol: string, instant: number): void {
  requireRows(rows, 1);
  const [bar] = rows;
  if (bar!.symbol !== symbol || bar!.timestamp.getTime() !== instant) {
    throw new Error(
      `the bar of ${bar!.symbol} at ${bar!.timestamp.toISOString()} is not the latest of ${symbol}`,
    );
  }
}
