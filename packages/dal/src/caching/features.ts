import type {
  BatchResult,
  Cache,
  CallOptions,
  FeatureBatch,
  FeatureRepository,
  FeatureSet,
} from '@quantumtrade/dal-domain';
import { keyOf, keyspaces, TypedKeyspace } from '@quantumtrade/dal-domain';
import type { ReadThrough } from './read-through.js';
import { touchedKeys } from './touched-keys.js';

/**
 * Features whose latest set is cached under `features:{symbol}:latest` and whose values are cached under
 * `features:{symbol}:{featureName}`. Writes keep both in step.
 */
export function cachedFeatures(
  repository: FeatureRepository,
  cache: Cache,
  through: ReadThrough,
): FeatureRepository {
  const latestSets = new TypedKeyspace(cache, keyspaces.latestFeatures);
  const values = new TypedKeyspace(cache, keyspaces.featureValue);
  const latestKey = (symbol: string) => keyOf(keyspaces.latestFeatures.pattern, { symbol });

  /** What holds no refused feature is written through; the rest is dropped, as the store alone knows how it adds up. */
  async function follow(batches: readonly FeatureBatch[], result: BatchResult, within: CallOptions) {
    const refused = new Set(result.errors.map((error) => error.index));
    const dropped = new Set(touchedKeys('features', batches));
    const doubtful = new Set([...refused].map((index) => batches[index]?.symbol));
    const newest = newestBySymbol(batches.filter((_, index) => !refused.has(index)));
    const replacing = [...newest.values()]
      .filter(([batch, ...others]) => others.length === 0 && !doubtful.has(batch!.symbol))
      .map(([batch]) => batch!);
    for (const { symbol } of replacing) dropped.delete(latestKey(symbol));
    await Promise.all([
      ...replacing.map((batch) => latestSets.replaceIfNewer(batch, featureSet(batch), within)),
      through.forget([...dropped], within),
    ]);
  }

  return {
    insert: (batches, options) =>
      through.write(
        touchedKeys('features', batches),
        () => repository.insert(batches, options),
        (result, within) => follow(batches, result, within),
      ),
    find: (params, options) => repository.find(params, options),
    async latest(symbol, options) {
      if (typeof symbol !== 'string') return repository.latest(symbol, options);
      const { value } = await through.read<FeatureSet>(latestKey(symbol), options, {
        cached: (within) => latestSets.get({ symbol }, within),
        load: () => repository.latest(symbol, options),
        store: (set, within) => latestSets.setIfNewer({ symbol }, set, within),
      });
      return value;
    },
    async latestValue(symbol, featureName, options) {
      if (typeof symbol !== 'string' || typeof featureName !== 'string') {
        return repository.latestValue(symbol, featureName, options);
      }
      const key = keyOf(keyspaces.featureValue.pattern, { symbol, featureName });
      const { value } = await through.read<number>(key, options, {
        cached: (within) => values.get({ symbol, featureName }, within),
        load: () => repository.latestValue(symbol, featureName, options),
        store: (number, within) => values.set({ symbol, featureName }, number, within),
      });
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
