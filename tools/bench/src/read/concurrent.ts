import { anyOf } from '../random.js';
import type { ReadCase } from './case.js';
import { latestBars } from './latest-bars.js';
import { manyCallers } from './many-callers.js';

const DRAWN = 1 << 16;

/** Reads latest bars, uncached, by many callers at once. */
export const concurrent: ReadCase = async function* (context) {
  const { tables } = context;
  const tried = [
    { table: await tables.of200('merged'), what: '200 symbols, merged parts' },
    { table: await tables.of200('inserted'), what: '200 symbols, inserted parts' },
    {
      table: await tables.ofMany(),
      what: `${context.scale.manySymbols.toLocaleString('en-US')} symbols, merged parts`,
    },
  ];
  for (const { table, what } of tried) {
    const symbols = anyOf(table.series.symbols, DRAWN);
    const { ours, raw } = latestBars(table);
    yield* manyCallers(context, `latest bar of one of ${what}, uncached`, table.state, {
      ours: (n) => ours(symbols[n % DRAWN]!),
      '@clickhouse/client json()': (n) => raw(symbols[n % DRAWN]!),
    });
  }
};
