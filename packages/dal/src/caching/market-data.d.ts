import type { ReadThroughCache } from '@quantumtrade/dal-cache';
import type { MarketDataRepository } from '@quantumtrade/dal-domain';
import type { CachedMethods } from '../observation.js';
/**
 * Caches the latest bar of each symbol under `market:{symbol}:latest` for reads of one latest bar. Writes keep it coherent.
 * Ticks that are published in real time have a key of their own: a bar that is cached here is in the database.
 */
export declare function cachedMarketData(repository: MarketDataRepository, cache: ReadThroughCache): CachedMethods<MarketDataRepository>;
