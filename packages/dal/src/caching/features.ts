import type {
  BatchResult,
  Cache,
  FeatureBatch,
  FeatureRepository,
  FeatureSet,
} from '@quantumtrade/dal-domain';
import { keyspaces, TypedKeyspace } from '@quantumtrade/dal-domain';
import type { CacheObserver } from './read-through.js';
import { readThrough, tolerant } from './read-through.js';

/**
 * Features whose latest set is cached under `features:{symbol}:latest` and whose values are cached under
 * `features:{symbol}:{featureName}`. Writes keep both in step.
 */
export function cachedFeatures(
  repository: FeatureRepository,
  cache: Cache,
  observer: CacheObserver,
): FeatureRepository {
  const latestSets = new TypedKeyspace(cache, keyspaces.latestFeatures);
  const values = new TypedKeyspace(cache, keyspaces.featureValue);

  async function follow(batches: readonly FeatureBatch[], result: BatchResult): Promise<void> {
    const refused = new Set(result.errors.map((error) => error.index));
    const accepted = batches.filter((_, index) => !refused.has(index));
    const partly = batches.filter(({ symbol }, index) => refused.has(index) && typeof symbol === 'string');
    await Promise.all([
      ...[...newestBySymbol(accepted)].map(([symbol, [batch, ...others]]) =>
        others.length === 0
          ? latestSets.replaceIfNewer({ symbol }, featureSet(batch!))
          : latestSets.delete({ symbol }),
      ),
      ...partly.map(({ symbol }) => latestSets.delete({ symbol })),
      ...distinctNames([...accepted, ...partly]).map((parts) => values.delete(parts)),
    ]);
  }

  return {
    async insert(batches, options) {
      const result = await repository.insert(batches, options);
      await tolerant(() => follow(batches, result), undefined);
      return result;
    },
    find: (params, options) => repository.find(params, options),
    async latest(symbol, options) {
      const { value } = await readThrough(
        observer,
        () => latestSets.get({ symbol }, options),
        () => repository.latest(symbol, options),
        (set) => latestSets.setIfNewer({ symbol }, set, options),
      );
      return value;
    },
    async latestValue(symbol, featureName, options) {
      const { value } = await readThrough(
        observer,
        () => values.get({ symbol, featureName }, options),
        () => repository.latestValue(symbol, featureName, options),
        (number) => values.set({ symbol, featureName }, number, options),
      );
      return value;
    },
  };
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

export function distinctNames(batches: readonly FeatureBatch[]): { symbol: string; featureName: string }[] {
  const names = new Map<string, { symbol: string; featureName: string }>();
  for (const { symbol, features } of batches) {
    for (const featureName of Object.keys(features ?? {})) {
      names.set(JSON.stringify([symbol, featureName]), { symbol, featureName });
    }
  }
  return [...names.values()];
}
