import type { ReadThroughCache, WrittenValue } from '@quantumtrade/dal-cache';
import type { FeatureBatch, FeatureRepository } from '@quantumtrade/dal-domain';
import {
  affectedKeys,
  feature,
  featureSetOf,
  keyspaces,
  prepareFeatures,
  requireValues,
} from '@quantumtrade/dal-domain';
import type { CachedMethods } from '../observation.js';
import { cachedEntries } from './cached-entries.js';
import { isPlainData, writtenValues } from './written-values.js';

/**
 * Caches the latest feature set of each symbol under `features:{symbol}:latest` and the latest value of each feature under
 * `features:{symbol}:{featureName}`. Writes keep both coherent.
 */
export function cachedFeatures(
  repository: FeatureRepository,
  cache: ReadThroughCache,
): CachedMethods<FeatureRepository> {
  const latestSets = cache.values(keyspaces.latestFeatures, ({ symbol }, limits) =>
    repository.latest(symbol, limits),
  );
  const latestValues = cache.values(keyspaces.featureValue, ({ symbol, featureName }, limits) =>
    repository.latestValue(symbol, featureName, limits),
  );
  return {
    calls: {
      insert: (batches, options) =>
        cache.write(
          affectedKeys('features', batches),
          () => repository.insert(batches, options),
          () => writtenValues(() => newestSets(batches)),
        ),
      latest: (symbol, options) =>
        typeof symbol === 'string' ? latestSets.get({ symbol }, options) : repository.latest(symbol, options),
      latestMany: async (symbols, options) => {
        const wanted = requireValues(feature.fields.symbol, 'symbols', symbols, 'features.latestMany');
        // Calls that allow missing shards do not come here.
        return cachedEntries(
          wanted,
          {
            values: latestSets,
            part: 'symbol',
            load: async (missing, limits) => {
              const found = await repository.latestMany(missing, limits);
              return missing.map((symbol) => found.get(symbol) ?? null);
            },
            convert: (set) => set,
          },
          options,
        ) as Promise<never>;
      },
      latestValue: (symbol, featureName, options) =>
        typeof symbol === 'string' && typeof featureName === 'string'
          ? latestValues.get({ symbol, featureName }, options)
          : repository.latestValue(symbol, featureName, options),
    },
    atHand: {
      latest: (symbol, options) => latestSets.peek({ symbol }, options),
      latestValue: (symbol, featureName, options) => latestValues.peek({ symbol, featureName }, options),
    },
  };
}

/** Returns the newest set of each symbol as the store would; none where several batches add up to one, which the store decides. */
function newestSets(batches: readonly FeatureBatch[]): WrittenValue[] {
  const newest = newestBySymbol(batches.filter(({ features }) => Object.keys(features).length > 0));
  return [...newest.values()]
    .filter(([batch, ...others]) => others.length === 0 && isPlainData(batch!))
    .map(([batch]) => prepareFeatures([batch!], 0n))
    .filter(({ errors }) => errors.length === 0)
    .map(({ rows }) => featureSetOf(rows.map(({ row }) => row)))
    .map((value) => ({ keyspace: keyspaces.latestFeatures, value }));
}

/** Returns for each symbol its batches of the greatest instant. */
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
