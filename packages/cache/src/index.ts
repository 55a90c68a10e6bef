export {
  CoherentCache,
  type CacheHealth,
  type CacheStats,
  type CoherentCacheOptions,
} from './coherent-cache.js';
export type { CoherentKeyspace } from './coherent-keyspace.js';
export type { CacheCounters, Loader } from './core.js';
export type { LocalInvalidations } from './invalidation/local-invalidations.js';
export type { KeyspaceOptions } from './options.js';
export type { BreakerOptions } from './tiers/guarded-calls.js';
export type { BreakerState } from '@quantumtrade/dal-runtime';
export { coherentBlocks } from './read-through/coherent-blocks.js';
export type { ManyLoader } from './read-through/load-batch.js';
export { ReadThroughCache } from './read-through/read-through-cache.js';
export type { ReadThroughKeyspace } from './read-through/read-through-keyspace.js';
export type { ReadThroughObserver, WrittenValue } from './read-through/types.js';
