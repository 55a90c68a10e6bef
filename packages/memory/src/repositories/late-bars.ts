import type { LateBars, LateBarsParams, StoreReadOptions } from '@quantumtrade/dal-domain';
import {
  compareCanonical,
  marketData,
  planLateBars,
  STORE_READ_OPTIONS,
  requireScanBudget,
} from '@quantumtrade/dal-domain';
import type { MemoryStore } from '../store/memory-store.js';
import { timeOrder } from '../store/memory-store.js';

/** Counts the bars that were written after a later bar of their symbol and source. */
export function countLateBars(
  store: MemoryStore,
  params: LateBarsParams,
  options: StoreReadOptions | undefined,
): LateBars[] {
  const operation = 'analytics.lateBars';
  store.checkOpen(operation, options, STORE_READ_OPTIONS);
  const { selection, maxScanRows = store.limits.scanBudgetRows } = planLateBars(params, operation);
  store.requireTables(operation, 'marketData');
  const table = store.tables.marketData;
  const rows = table.find(selection, timeOrder(marketData), (scanned) =>
    requireScanBudget(scanned, maxScanRows, operation),
  );
  const found = new Map<string, LateBars & { firstBehind: bigint }>();
  for (const row of rows.toReversed()) {
    const { symbol, source } = row as Record<string, string>;
    const version = table.versionOf(row)!;
    const key = JSON.stringify([symbol, source]);
    const counted = found.get(key);
    if (!counted) {
      found.set(key, { symbol: symbol!, source: source!, bars: 1, lateBars: 0, firstBehind: version });
      continue;
    }
    counted.bars++;
    if (version > counted.firstBehind) counted.lateBars++;
    else counted.firstBehind = version;
  }
  return Array.from(found.values(), ({ symbol, source, bars, lateBars }) => ({
    symbol,
    source,
    bars,
    lateBars,
  })).sort((a, b) => compareCanonical(a.symbol, b.symbol) || compareCanonical(a.source, b.source));
}
