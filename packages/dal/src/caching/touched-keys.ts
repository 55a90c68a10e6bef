import type { RecordBatches, RecordName } from '@quantumtrade/dal-domain';
import { keyOf, keyspaces } from '@quantumtrade/dal-domain';
import { distinctNames } from './features.js';

const touching: { readonly [N in RecordName]?: (batch: RecordBatches[N]) => string[] } = {
  marketData: ({ records }) =>
    records.map(({ symbol }) => keyOf(keyspaces.latestMarketData.pattern, { symbol })),
  features: (batches) => [
    ...batches.map(({ symbol }) => keyOf(keyspaces.latestFeatures.pattern, { symbol })),
    ...distinctNames(batches).map((parts) => keyOf(keyspaces.featureValue.pattern, parts)),
  ],
  predictions: ({ predictions }) =>
    predictions.map(({ predictionId }) => keyOf(keyspaces.prediction.pattern, { predictionId })),
};

/** The read-through cache's keys whose values the rows of a checked batch may change; some more than once. */
export const touchedKeys = <N extends RecordName>(record: N, batch: RecordBatches[N]): string[] =>
  touching[record]?.(batch) ?? [];
