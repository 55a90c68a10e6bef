import type { ReadThroughCache } from '@quantumtrade/dal-cache';
import type { FeatureRepository } from '@quantumtrade/dal-domain';
import type { CachedMethods } from '../observation.js';
/**
 * Caches the latest feature set of each symbol under `features:{symbol}:latest` and the latest value of each feature under
 * `features:{symbol}:{featureName}`. Writes keep both coherent.
 */
export declare function cachedFeatures(repository: FeatureRepository, cache: ReadThroughCache): CachedMethods<FeatureRepository>;
