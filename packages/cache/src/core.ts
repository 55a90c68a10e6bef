import type { Cache } from '@quantumtrade/dal-domain';
import type { CacheClock } from './clock.js';
import type { CoherentL1 } from './l1/coherent-l1.js';
import type { GuardedCalls } from './l2/guarded-calls.js';
import type { Tokens } from './l2/marks.js';
import type { Flights } from './loading/flights.js';

/** What has happened since the cache was made. */
export interface CacheCounters {
  /** Values served out of this process. */
  l1Hits: number;
  /** Values served from the second level. */
  l2Hits: number;
  /** Reads that found no value on either level. */
  misses: number;
  /** Loaders called. */
  loads: number;
  /** Reads answered by a loader because the second level did not answer. */
  degradedLoads: number;
  /** Loaders called for values that were there, because they were old. */
  refreshes: number;
  /** Of these, the ones that failed; the old value stayed. */
  failedRefreshes: number;
  /** Values served after their time, while they are reloaded. */
  staleServed: number;
  /** Loaded values not stored, because something happened to their key meanwhile or the second level failed. */
  unstoredLoads: number;
  /** Stored values that are not what their schema says. */
  unreadable: number;
}

/** What the keyspaces of one cache share. */
export interface CacheCore {
  readonly cache: Cache;
  readonly l1: CoherentL1;
  readonly clock: CacheClock;
  readonly random: () => number;
  readonly deleteWhereMs: number;
  /** Reads and writes fail apart: a second level that is read-only still answers reads. */
  readonly reads: GuardedCalls;
  readonly writes: GuardedCalls;
  /** Reads of the second level, by key. */
  readonly reading: Flights;
  /** Reads that end in a load when there is nothing to read, by key. */
  readonly obtaining: Flights;
  /** Loads of missing values, by the mark that the key holds meanwhile. */
  readonly loading: Flights;
  /** Loads of values that are there but old, by key. */
  readonly refreshing: Flights;
  readonly tokens: Tokens;
  readonly counters: CacheCounters;
}
