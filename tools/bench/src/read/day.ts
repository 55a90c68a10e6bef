import type { ReadCase } from './case.js';
import { oneCaller, requireRows } from './one-caller.js';
import { barsOfSymbol, rawRows } from './raw.js';
import { sized } from '../sized.js';

const DAY_MS = 86_400_000;
/** Length of what is read. */
const READ_MS = sized(DAY_MS, DAY_MS / 10);

/** Reads one day of one-minute bars of a symbol, of another one each time. */
export const day: ReadCase = async function* (context) {
  for (const state of ['merged', 'inserted'] as const) {
    const { backend, raw, series, state: note } = await context.tables.of200(state);
    const { symbols, startMs, stepMs } = series;
    const startTime = sized(Math.ceil(startMs / DAY_MS) * DAY_MS, startMs);
    const endTime = startTime + READ_MS;
    const rows = READ_MS / stepMs;
    const dayOf = (n: number) => ({ symbol: symbols[(n * 7) % symbols.length]!, startTime, endTime });
    yield* oneCaller(context, `one day of one-minute bars, ${state} parts`, note, {
      ours: async (n) => {
        const { data } = await backend.marketData.find(dayOf(n));
        requireRows(data, rows);
      },
      'ours, columns': async (n) => {
        const { rowCount } = await backend.marketData.columns(dayOf(n));
        if (rowCount !== rows) throw new Error(`${rowCount} rows were read, ${rows} are there`);
      },
      '@clickhouse/client json()': async (n) => requireRows(await rawRows(raw, barsOfSymbol(dayOf(n))), rows),
    });
  }
};
