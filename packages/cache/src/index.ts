export type { CacheClock } from './clock.js';
export {
  CoherentCache,
  type CacheHealth,
  type CacheStats,
  type CoherentCacheOptions,
} from './coherent-cache.js';
export type { CoherentKeyspace } from './coherent-keyspace.js';
export type { CacheCounters } from './core.js';
export type { BreakerOptions, BreakerState } from './l2/breaker.js';
export type { Loader } from './loading/loads.js';
export type { KeyspaceOptions } from './options.js';
