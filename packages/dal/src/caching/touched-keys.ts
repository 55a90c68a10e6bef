import type { RecordBatches, RecordName } from '@quantumtrade/dal-domain';
import { keyOf, keyspaces } from '@quantumtrade/dal-domain';
import { distinctNames, featureSymbolsOf } from './features.js';
import { symbolsOf } from './market-data.js';
import { idsOf } from './predictions.js';

const touching: { readonly [N in RecordName]?: (batch: RecordBatches[N]) => string[] } = {
  marketData: (batch) =>
    symbolsOf(batch).map((symbol) => keyOf(keyspaces.latestMarketData.pattern, { symbol })),
  features: (batches) => [
    ...featureSymbolsOf(batches).map((symbol) => keyOf(keyspaces.latestFeatures.pattern, { symbol })),
    ...distinctNames(batches).map((parts) => keyOf(keyspaces.featureValue.pattern, parts)),
  ],
  predictions: ({ predictions }) =>
    idsOf(predictions).map((predictionId) => keyOf(keyspaces.prediction.pattern, { predictionId })),
};

/** The read-through cache's keys whose values the rows of a checked batch may change, each once. */
export const touchedKeys = <N extends RecordName>(record: N, batch: RecordBatches[N]): string[] =>
  touching[record]?.(batch) ?? [];
