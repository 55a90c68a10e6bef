import type { BatchWriter } from '@quantumtrade/dal';
import type { MarketDataBatch } from '@quantumtrade/dal-domain';
import { sequence } from '../random.js';
import type { BenchBar } from './bars.js';
import { benchBars } from './bars.js';

const MAX_ROWS = 50;
const START = Date.UTC(2024, 0, 2, 14, 30);

export interface Callers {
  /** Resolves, when each caller's last call has, with what all of them have written. */
  end(): Promise<{ readonly rows: number; readonly calls: number }>;
}

/**
 * Begins so many callers, each of whom writes 1 to 50 rows again and again and waits for the outcome each time. A caller has
 * fifty row objects of its own and only gives them new instants, so that making rows costs next to nothing; no row has the
 * instant of another.
 */
export function startCallers(
  count: number,
  writer: BatchWriter,
  onCall: (rows: number, latencyMs: number) => void,
): Callers {
  const written = { rows: 0, calls: 0 };
  let ended = false;
  const source = benchBars(MAX_ROWS);
  const call = async (caller: number) => {
    const random = sequence(caller + 1);
    const own = source
      .next()
      .value.map((bar): BenchBar & { timestamp: number } => ({ ...bar, timestamp: 0 }));
    let instant = START + caller;
    while (!ended) {
      const records = own.slice(0, 1 + (random() % MAX_ROWS));
      for (const record of records) record.timestamp = instant += count;
      const batch: MarketDataBatch = { source: 'bench', records };
      const started = performance.now();
      const { acceptedCount } = await writer.write('marketData', batch);
      if (acceptedCount !== records.length) throw new Error('rows were refused');
      written.rows += records.length;
      written.calls++;
      onCall(records.length, performance.now() - started);
    }
  };
  const all = Promise.all(Array.from({ length: count }, (_, caller) => call(caller)));
  all.catch(() => undefined);
  return {
    async end() {
      ended = true;
      await all;
      return written;
    },
  };
}
