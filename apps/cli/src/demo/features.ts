import { chunks } from './collections.js';
import type { Demo } from './demo.js';
import { GENERATED_SOURCE } from './demo.js';
import type { Days } from './evaluation.js';
import { indicators } from './indicators.js';
import { SP500 } from './sp500.js';

export const FEATURE_VERSION = 1;
export const DAY_MS = 86_400_000;
const SETS_PER_WRITE = 20_000;

export type DaysBySymbol = ReadonlyMap<string, Days>;

/** Returns the daily closes of every symbol of the demo, aggregated by the store. */
export async function readDays({ database, call }: Demo): Promise<DaysBySymbol> {
  const days = new Map<string, { endsAt: number; close: number }[]>();
  for (const source of [SP500.source, GENERATED_SOURCE]) {
    const { data } = await database.getAggregatedData({ filters: { source }, interval: '1d' }, call);
    for (const { intervalStart, group, bar } of data) {
      const ofSymbol = days.get(group.symbol!) ?? [];
      ofSymbol.push({ endsAt: intervalStart!.getTime() + DAY_MS, close: bar!.close });
      days.set(group.symbol!, ofSymbol);
    }
  }
  return days;
}

/** Stores each day's features as of the end of that day. Returns their number. */
export async function storeFeatures({ database, call }: Demo, days: DaysBySymbol): Promise<number> {
  let stored = 0;
  for (const batches of chunks(featureBatches(days), SETS_PER_WRITE)) {
    const { insertedCount, updatedCount } = await database.insertFeatures(batches, call);
    stored += insertedCount + updatedCount;
  }
  return stored;
}

function* featureBatches(days: DaysBySymbol) {
  for (const [symbol, ofSymbol] of days) {
    const closes = ofSymbol.map(({ close }) => close);
    for (const [index, { endsAt }] of ofSymbol.entries()) {
      yield { symbol, timestamp: endsAt, version: FEATURE_VERSION, features: indicators(closes, index) };
    }
  }
}
