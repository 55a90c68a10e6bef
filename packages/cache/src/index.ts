export {
  CoherentCache,
  type CacheHealth,
  type CacheStats,
  type CoherentCacheOptions,
} from './coherent-cache.js';
export type { CoherentKeyspace } from './coherent-keyspace.js';
export type { CacheCounters } from './core.js';
export type { LocalInvalidations } from './invalidation/invalidations.js';
export type { Loader } from './load/load-coordinator.js';
export type { KeyspaceOptions } from './options.js';
export { coherentBlocks } from './read-through/coherent-blocks.js';
export { ReadThroughCache, type WrittenValue } from './read-through/read-through-cache.js';
export type { ReadThroughKeyspace, ReadThroughObserver } from './read-through/read-through-keyspace.js';
