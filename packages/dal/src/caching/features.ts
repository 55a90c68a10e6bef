import type { FeatureBatch, FeatureRepository, FeatureSet } from '@quantumtrade/dal-domain';
import { affectedKeys, featureSetOf, keyspaces, prepareFeatures } from '@quantumtrade/dal-domain';
import type { ReadThrough } from './read-through.js';
import { isPlainData, writtenValues } from './written-values.js';

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
    insert: (batches, options) => {
      const newest = writtenValues(() => newestSets(batches));
      return through.write(
        affectedKeys('features', batches),
        () => repository.insert(batches, options),
        (result) => newest(result).map((value) => ({ keyspace: keyspaces.latestFeatures, value })),
      );
    },
    find: (params, options) => repository.find(params, options),
    latest: (symbol, options) =>
      typeof symbol === 'string' ? latestSets.get({ symbol }, options) : repository.latest(symbol, options),
    latestValue: (symbol, featureName, options) =>
      typeof symbol === 'string' && typeof featureName === 'string'
        ? values.get({ symbol, featureName }, options)
        : repository.latestValue(symbol, featureName, options),
  };
}

/** The newest set of each symbol, as the store makes it of the rows; of several batches only the store knows how they add up. */
function newestSets(batches: readonly FeatureBatch[]): FeatureSet[] {
  const newest = newestBySymbol(batches.filter(({ features }) => Object.keys(features).length > 0));
  return [...newest.values()]
    .filter(([batch, ...others]) => others.length === 0 && isPlainData(batch!))
    .map(([batch]) => prepareFeatures([batch!], 0n))
    .filter(({ errors }) => errors.length === 0)
    .map(({ rows }) => featureSetOf(rows.map(({ row }) => row)));
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
