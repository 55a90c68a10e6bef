import type { ReadThroughCache } from '@quantumtrade/dal-cache';
import type { PredictionRepository } from '@quantumtrade/dal-domain';
import type { CachedMethods } from '../observation.js';
/**
 * Caches predictions by id under `prediction:{predictionId}`. A write removes its ids in place of replacing their values: only the
 * store determines whether it holds a later prediction of the same id.
 */
export declare function cachedPredictions(repository: PredictionRepository, cache: ReadThroughCache): CachedMethods<PredictionRepository>;
