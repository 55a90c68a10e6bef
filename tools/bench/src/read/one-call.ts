import type { ReadCase } from './case.js';
import { requireLatest } from './latest-bars.js';
import { oneCaller, requireRows } from './one-caller.js';
import { rawRows } from './raw.js';
import { sized } from '../sized.js';

/** Calls of a round: each reads as much as a hundred single lookups. */
const CALLS = sized(10, 2);
const AT_ONCE = 1_000;

/** Reads the latest bars of many symbols in one call. */
export const oneCall: ReadCase = async function* (context) {
  const { tables, scale } = context;
  const calls = Math.min(CALLS, scale.calls);
  for (const table of [await tables.of200('merged'), await tables.of200('inserted'), await tables.ofMany()]) {
    const { backend, raw, series, barsPerSymbol, name, state } = table;
    const newest = series.startMs + (barsPerSymbol - 1) * series.stepMs;
    const count = Math.min(AT_ONCE, series.symbols.length);
    const symbolsAt = (n: number) => {
      const first = (n * count) % (series.symbols.length - count + 1);
      return series.symbols.slice(first, first + count);
    };
    const title = `latest bars of ${count.toLocaleString('en-US')} symbols in one call, table ${name}`;
    const sides = {
      ours: async (n: number) => {
        const bars = await backend.marketData.latestMany(symbolsAt(n), 1);
        for (const symbol of symbolsAt(n)) requireLatest(bars.get(symbol) ?? [], symbol, newest);
      },
      '@clickhouse/client json()': async (n: number) => {
        const query = `SELECT * FROM market_data WHERE symbol IN {symbols:Array(String)}
          ORDER BY symbol, timestamp DESC LIMIT 1 BY symbol`;
        requireRows(await rawRows(raw, { query, query_params: { symbols: symbolsAt(n) } }), count);
      },
    };
    yield* oneCaller(context, title, state, sides, calls);
  }
};
