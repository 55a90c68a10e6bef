import type { Cache, CacheInvalidations, Keyspace } from '@quantumtrade/dal-domain';
import {
  keysOf,
  requireKnownKeys,
  requireObject,
  TimeoutError,
  ValidationError,
} from '@quantumtrade/dal-domain';
import type { BreakerState, Clock, TimeSource } from '@quantumtrade/dal-runtime';
import { SingleFlight, systemClock } from '@quantumtrade/dal-runtime';
import { CoherentKeyspace } from './coherent-keyspace.js';
import type { CacheCore, CacheCounters } from './core.js';
import { LocalInvalidations } from './invalidation/local-invalidations.js';
import type { KeyspaceOptions } from './options.js';
import { FirstLevel } from './tiers/first-level.js';
import type { BreakerOptions } from './tiers/guarded-calls.js';
import { createBreaker, GuardedCalls } from './tiers/guarded-calls.js';
import { Leases } from './tiers/leases.js';

export interface CoherentCacheOptions {
  /** The most values on the first level, all keyspaces together. @default 100,000 (values) */
  readonly maxEntries?: number;
  /** Their greatest approximate size. @default 67,108,864 (bytes) */
  readonly maxBytes?: number;
  /** The longest time of one call to the second level. @default 250 (milliseconds) */
  readonly budgetMs?: number;
  /** The longest time of `deleteWhere` on the second level. @default 60,000 (milliseconds) */
  readonly deleteWhereMs?: number;
  /** When calls to the second level are suspended. */
  readonly breaker?: BreakerOptions;
  /** Clock by which calls end. @default the system's */
  readonly clock?: Clock;
  /** Time by which values expire; it must be that of the second level. @default `clock` */
  readonly time?: TimeSource;
  /** Returns at least 0 and less than 1. @default Math.random */
  readonly random?: () => number;
}

export interface CacheHealth {
  /** Whether changes by other processes are received. If not, values are kept on the first level for `stalenessMs` at most. */
  readonly isConnected: boolean;
  /** Why changes are not received, where that is known. */
  readonly disconnectedReason?: string;
  /** State of the breaker of reads: `closed`, or not while reads of the second level are suspended after failures. */
  readonly reads: BreakerState;
  /** State of the breaker of writes. */
  readonly writes: BreakerState;
}

export interface CacheStats extends Readonly<CacheCounters> {
  /** Number of values on the first level. */
  readonly entries: number;
  /** Their approximate size in bytes. */
  readonly bytes: number;
  /** Callers that shared the read or load of another. */
  readonly coalesced: number;
  /** Values not kept on the first level because their key or the connection changed while they were read. */
  readonly rejectedByVersion: number;
  /** Calls to the second level that failed or exceeded their budget. */
  readonly l2Failures: number;
}

const OPEN = 'cache.open';
const NUMBERS = ['maxEntries', 'maxBytes', 'budgetMs', 'deleteWhereMs'] as const;
const OPTIONS = [...NUMBERS, 'breaker', 'clock', 'time', 'random'];
const BREAKER_OPTIONS = keysOf<BreakerOptions>({
  window: true,
  minimumCalls: true,
  failureRate: true,
  openMs: true,
});

function requireOptions(options: CoherentCacheOptions): void {
  requireKnownKeys(requireObject('options', options, OPEN), OPTIONS, OPEN);
  const { breaker = {} } = options;
  requireKnownKeys(requireObject('breaker', breaker, OPEN), BREAKER_OPTIONS, OPEN, 'breaker');
  for (const name of NUMBERS) {
    const { [name]: number = 1 } = options;
    if (!(number > 0)) throw new ValidationError(name, 'must be above 0', { operation: OPEN });
  }
}

/**
 * A cache on two levels: values in this process (first) over a store shared with other processes (second). The first level
 * keeps a value only while all of its changes are received; README.md says exactly what readers may rely on.
 */
export class CoherentCache {
  /** The second level for callers who write keys themselves, and what this process has written. */
  readonly local: LocalInvalidations;
  readonly #core: CacheCore;
  readonly #invalidations: CacheInvalidations;
  readonly #unsubscribe: () => void;
  readonly #patterns = new Set<string>();

  constructor(
    { cache, invalidations }: { cache: Cache; invalidations: CacheInvalidations },
    options: CoherentCacheOptions = {},
  ) {
    requireOptions(options);
    const { maxEntries = 100_000, maxBytes = 64 * 1024 * 1024, budgetMs = 250 } = options;
    const { clock = systemClock, time = clock, random = Math.random, deleteWhereMs = 60_000 } = options;
    const singleFlight = (operation: string) =>
      new SingleFlight((elapsedMs) => new TimeoutError(elapsedMs, { operation }), clock);
    const guarded = () => new GuardedCalls(clock, createBreaker(clock, options.breaker), budgetMs);
    const reading = singleFlight('cache.get');
    const getting = singleFlight('cache.getOrLoad');
    const firstLevel = new FirstLevel({ maxEntries, maxBytes }, time, [reading, getting]);
    this.#invalidations = invalidations;
    this.#unsubscribe = invalidations.listen(firstLevel);
    this.local = new LocalInvalidations(cache, firstLevel);
    this.#core = {
      cache,
      firstLevel,
      local: this.local,
      time,
      clock,
      random,
      deleteWhereMs,
      reads: guarded(),
      writes: guarded(),
      reading,
      getting,
      loading: singleFlight('cache.load'),
      refreshing: singleFlight('cache.refresh'),
      leases: new Leases(),
      counters: {
        l1Hits: 0,
        l2Hits: 0,
        misses: 0,
        loads: 0,
        degradedLoads: 0,
        refreshes: 0,
        failedRefreshes: 0,
        staleServed: 0,
        unstoredLoads: 0,
        unreadable: 0,
      },
    };
  }

  /** Opens the keyspace of one key pattern. Throws `ValidationError` for a wrong option and for a pattern that is open already. */
  keyspace<P extends string, T>(
    definition: Keyspace<P, T>,
    options: KeyspaceOptions = {},
  ): CoherentKeyspace<P, T> {
    const { pattern } = definition;
    if (this.#patterns.has(pattern)) {
      throw new ValidationError('pattern', 'has a keyspace already', { operation: 'cache.keyspace' });
    }
    const keyspace = new CoherentKeyspace(this.#core, definition, options);
    this.#patterns.add(pattern);
    return keyspace;
  }

  health(): CacheHealth {
    const { firstLevel, reads, writes } = this.#core;
    const { isConnected } = firstLevel;
    const disconnectedReason = isConnected ? undefined : this.#invalidations.disconnectedReason?.();
    return {
      isConnected,
      ...(disconnectedReason === undefined ? {} : { disconnectedReason }),
      reads: reads.breaker.state,
      writes: writes.breaker.state,
    };
  }

  stats(): CacheStats {
    const { counters, firstLevel, reads, writes, reading, getting, loading } = this.#core;
    return {
      ...counters,
      entries: firstLevel.entryCount,
      bytes: firstLevel.byteSize,
      coalesced: reading.joinedCount + getting.joinedCount + loading.joinedCount,
      rejectedByVersion: firstLevel.rejectedByVersion,
      l2Failures: reads.failureCount + writes.failureCount,
    };
  }

  /** Ends the subscription and drops the first level. Later reads come from the second level. */
  close(): void {
    this.#unsubscribe();
    this.#core.firstLevel.onDisconnected();
  }
}
