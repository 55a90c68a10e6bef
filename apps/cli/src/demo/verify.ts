import type { RecordName } from '@quantumtrade/dal-domain';
import type { Demo } from './demo.js';
import { GENERATED_SOURCE } from './demo.js';
import type { DaysBySymbol } from './features.js';
import { FEATURE_VERSION } from './features.js';
import { SP500 } from './sp500.js';
import { HISTORY_DAYS, MODEL_VERSION, STRATEGIES } from './strategies.js';
import type { Verification } from './summary.js';

/** Numbers of rows that the demo wrote. */
export interface Written {
  bars: number;
  features: number;
  predictions: number;
  judgements: number;
}

/** Compares the numbers of rows with those in the store. */
export async function verify(
  { database, call, symbols }: Demo,
  days: DaysBySymbol,
  { bars, features, predictions, judgements }: Written,
): Promise<Verification[]> {
  const total = async (record: RecordName, filters: Record<string, string>) => {
    const { data } = await database.getAggregatedData({ record, filters, groupBy: [] }, call);
    return data[0]?.count ?? 0;
  };
  const ofStrategies = async (record: RecordName) => {
    const counts = await Promise.all(STRATEGIES.map((strategyName) => total(record, { strategyName })));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const featuresBySymbol = await database.getAggregatedData(
    { record: 'features', filters: { featureVersion: String(FEATURE_VERSION) }, groupBy: ['symbol'] },
    call,
  );
  const storedFeatures = featuresBySymbol.data
    .filter(({ group }) => symbols.includes(group.symbol!))
    .reduce((sum, { count }) => sum + count, 0);
  // The prediction of a symbol's last day cannot be evaluated.
  const waiting =
    [...days.values()].filter(({ length }) => length >= HISTORY_DAYS).length * STRATEGIES.length;

  const rows: [string, number, number][] = [
    ['S&P 500 bars', SP500.bars, await total('marketData', { source: SP500.source })],
    ['generated bars', bars, await total('marketData', { source: GENERATED_SOURCE })],
    ['features', features, storedFeatures],
    ['predictions', predictions, await total('predictions', { modelVersion: MODEL_VERSION })],
    ['outcomes', predictions - waiting, await ofStrategies('outcomes')],
    ['strategy performance', judgements, await ofStrategies('strategyPerformance')],
  ];
  return rows.map(([what, expected, stored]) => ({ what, expected, stored, ok: expected === stored }));
}
