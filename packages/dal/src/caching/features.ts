import type { BatchResult, FeatureBatch, FeatureRepository, FeatureSet } from '@quantumtrade/dal-domain';
import { keyspaces } from '@quantumtrade/dal-domain';
import type { ReadThrough } from './read-through.js';
import { touchedKeys } from './touched-keys.js';

/**
 * Features whose latest set is cached under `features:{symbol}:latest` and whose values are cached under
 * `features:{symbol}:{featureName}`. Writes keep both in step.
 */
export function cachedFeatures(repository: FeatureRepository, through: ReadThrough): FeatureRepository {
  const latestSets = through.values(keyspaces.latestFeatures, ({ symbol }, limits) =>
    repository.latest(symbol, limits),
  );
  const values = through.values(keyspaces.featureValue, ({ symbol, featureName }, limits) =>
    repository.latestValue(symbol, featureName, limits),
  );

  return {
    insert: (batches, options) =>
      through.write(
        touchedKeys('features', batches),
        () => repository.insert(batches, options),
        (result) =>
          wholeSets(batches, result).map((value) => ({ keyspace: keyspaces.latestFeatures, value })),
      ),
    find: (params, options) => repository.find(params, options),
    latest: (symbol, options) =>
      typeof symbol === 'string' ? latestSets.get({ symbol }, options) : repository.latest(symbol, options),
    latestValue: (symbol, featureName, options) =>
      typeof symbol === 'string' && typeof featureName === 'string'
        ? values.get({ symbol, featureName }, options)
        : repository.latestValue(symbol, featureName, options),
  };
}

/** The newest sets that are known whole, one of each symbol; of others only the store knows how they add up. */
function wholeSets(batches: readonly FeatureBatch[], result: BatchResult): FeatureSet[] {
  const refused = new Set(result.errors.map((error) => error.index));
  const doubtful = new Set([...refused].map((index) => batches[index]?.symbol));
  const newest = newestBySymbol(batches.filter((_, index) => !refused.has(index)));
  return [...newest.values()]
    .filter(([batch, ...others]) => others.length === 0 && !doubtful.has(batch!.symbol))
    .map(([batch]) => featureSet(batch!));
}

function featureSet(batch: FeatureBatch): FeatureSet {
  return {
    symbol: batch.symbol,
    timestamp: new Date(batch.timestamp),
    version: batch.version,
    features: { ...batch.features },
    metadata: { ...batch.metadata },
    calculationTimeMs: batch.calculationTimeMs ?? 0,
  };
}

/** For each symbol its batches of the greatest instant; several of them may add up to one set. */
function newestBySymbol(batches: readonly FeatureBatch[]): Map<string, FeatureBatch[]> {
  const newest = new Map<string, FeatureBatch[]>();
  for (const batch of batches) {
    const known = newest.get(batch.symbol);
    const lead = known ? Number(batch.timestamp) - Number(known[0]!.timestamp) : 1;
    if (lead > 0) newest.set(batch.symbol, [batch]);
    else if (lead === 0) known!.push(batch);
  }
  return newest;
}
