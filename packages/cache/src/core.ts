import type { Cache, CallOptions } from '@quantumtrade/dal-domain';
import type { Clock, SingleFlight, TimeSource } from '@quantumtrade/dal-runtime';
import type { LocalInvalidations } from './invalidation/local-invalidations.js';
import type { FirstLevel } from './tiers/first-level.js';
import type { GuardedCalls } from './tiers/guarded-calls.js';
import type { Leases } from './tiers/leases.js';

/**
 * Loads a value from its source, or null when the source has none. The cache owns the value: it freezes and shares it. The signal
 * aborts when no caller waits any longer or the load's time is over. With `endsLateLoads: false` it is absent where neither happens.
 */
export type Loader<T> = (options: CallOptions) => Promise<T | null>;

/** Counts since the cache was created. */
export interface CacheCounters {
  /** Values served from this process. */
  l1Hits: number;
  /** Values served from the second level. */
  l2Hits: number;
  /** Reads that found no value on either level. */
  misses: number;
  /** Calls of loaders. */
  loads: number;
  /** Reads answered by a loader because the second level did not answer. */
  degradedLoads: number;
  /** Calls of loaders for values that were present but old. */
  refreshes: number;
  /** Refreshes that failed; the old value stayed. */
  failedRefreshes: number;
  /** Values served after their time while they were reloaded. */
  staleServed: number;
  /** Loaded values not stored, because their key changed meanwhile or the second level failed. */
  unstoredLoads: number;
  /** Stored values that do not match their schema. */
  unreadable: number;
}

/** Parts shared by the keyspaces of one cache. */
export interface CacheCore {
  readonly cache: Cache;
  readonly firstLevel: FirstLevel;
  readonly local: LocalInvalidations;
  /** Time by which values expire. */
  readonly time: TimeSource;
  /** Clock by which calls end. */
  readonly clock: Clock;
  readonly random: () => number;
  readonly deleteWhereMs: number;
  /** Reads and writes fail apart: a read-only second level still answers reads. */
  readonly reads: GuardedCalls;
  readonly writes: GuardedCalls;
  /** Reads of the second level, by key. */
  readonly reading: SingleFlight;
  /** Reads that load a missing value, by key. */
  readonly getting: SingleFlight;
  /** Loads of missing values, by lease token. */
  readonly loading: SingleFlight;
  /** Reloads of old values, by key. */
  readonly refreshing: SingleFlight;
  readonly leases: Leases;
  readonly counters: CacheCounters;
}
