import type { BatchResult, FeatureBatch, FeatureSet, TimeSeriesBackend } from '@quantumtrade/dal-domain';

/** Writes and reads feature sets of one day. */
export function featureSetsOf(backend: () => TimeSeriesBackend, day: number) {
  return {
    batch: (symbol: string, more: Partial<FeatureBatch> = {}): FeatureBatch => ({
      symbol,
      timestamp: day,
      features: { rsi_14: 55.5 },
      version: 1,
      ...more,
    }),
    write: (...batches: FeatureBatch[]): Promise<BatchResult> => backend().features.insert(batches),
    read: async (symbol: string): Promise<FeatureSet[]> => (await backend().features.find({ symbol })).data,
  };
}
