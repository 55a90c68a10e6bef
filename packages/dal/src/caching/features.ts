import type {
  BatchResult,
  Cache,
  CallOptions,
  FeatureBatch,
  FeatureRepository,
  FeatureSet,
} from '@quantumtrade/dal-domain';
import { keyspaces, TypedKeyspace } from '@quantumtrade/dal-domain';
import type { CacheObserver } from './read-through.js';
import { ReadThrough } from './read-through.js';

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
  const through = new ReadThrough(observer);

  /** What holds no refused feature is written through; the rest is dropped, as the store alone knows how it adds up. */
  async function follow(batches: readonly FeatureBatch[], result: BatchResult, within: CallOptions) {
    const refused = new Set(result.errors.map((error) => error.index));
    const newest = newestBySymbol(batches.filter((_, index) => !refused.has(index)));
    await Promise.all([
      ...[...newest].map(([symbol, [batch, ...others]]) =>
        others.length === 0
          ? latestSets.replaceIfNewer({ symbol }, featureSet(batch!), within)
          : latestSets.delete({ symbol }, within),
      ),
      ...dropped(
        batches.filter((_, index) => refused.has(index)),
        within,
      ),
      ...distinctNames(batches).map((parts) => values.delete(parts, within)),
    ]);
  }

  const dropped = (batches: readonly FeatureBatch[], within: CallOptions) =>
    featureSymbolsOf(batches).map((symbol) => latestSets.delete({ symbol }, within));

  return {
    insert(batches, options) {
      const known = Array.isArray(batches) ? batches : [];
      return through.write(
        featureSymbolsOf(known),
        () => repository.insert(batches, options),
        (result, within) => follow(batches, result, within),
        (within) =>
          Promise.all([
            ...dropped(known, within),
            ...distinctNames(known).map((parts) => values.delete(parts, within)),
          ]),
      );
    },
    find: (params, options) => repository.find(params, options),
    async latest(symbol, options) {
      if (typeof symbol !== 'string') return repository.latest(symbol, options);
      const { value } = await through.read<FeatureSet>(symbol, options, {
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
      const { value } = await through.read<number>(symbol, options, {
        cached: (within) => values.get({ symbol, featureName }, within),
        load: () => repository.latestValue(symbol, featureName, options),
        store: (number, within) => values.set({ symbol, featureName }, number, within),
      });
      return value;
    },
  };
}

/** Each symbol once, of batches that nobody has checked yet. */
export function featureSymbolsOf(batches: readonly FeatureBatch[]): string[] {
  return [...new Set(batches.map((batch) => batch?.symbol))].filter((symbol) => typeof symbol === 'string');
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
  for (const batch of batches) {
    if (typeof batch?.symbol !== 'string') continue;
    const { symbol } = batch;
    for (const featureName of Object.keys(batch.features ?? {})) {
      names.set(JSON.stringify([symbol, featureName]), { symbol, featureName });
    }
  }
  return [...names.values()];
}
