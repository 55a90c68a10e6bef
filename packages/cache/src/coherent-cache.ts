import type { Cache, CacheInvalidations, Keyspace } from '@quantumtrade/dal-domain';
import { keysOf, requireKnownKeys, requireObject, ValidationError } from '@quantumtrade/dal-domain';
import type { CacheClock } from './clock.js';
import { systemCacheClock } from './clock.js';
import { CoherentKeyspace } from './coherent-keyspace.js';
import type { CacheCore, CacheCounters } from './core.js';
import { CoherentL1 } from './l1/coherent-l1.js';
import type { BreakerOptions, BreakerState } from './l2/breaker.js';
import { Breaker } from './l2/breaker.js';
import { GuardedCalls } from './l2/guarded-calls.js';
import { Tokens } from './l2/marks.js';
import { Flights } from './loading/flights.js';
import type { KeyspaceOptions } from './options.js';

export interface CoherentCacheOptions {
  /** Values kept in process at most, all keyspaces together. Default is 100,000. */
  readonly maxEntries?: number;
  /** Their approximate size at most. Default is 64 MiB. */
  readonly maxBytes?: number;
  /** How long one call to the second level may take. Default is 250 ms. */
  readonly budgetMs?: number;
  /** How long `deleteWhere` may take on the second level. Default is 60,000 ms. */
  readonly deleteWhereMs?: number;
  readonly breaker?: BreakerOptions;
  /** Default is the system's. */
  readonly clock?: CacheClock;
  /** At least 0, less than 1. Default is `Math.random`. */
  readonly random?: () => number;
}

export interface CacheHealth {
  /** Whether changes by others are heard of. If not, values are kept in process for `stalenessMs` at most. */
  readonly isConnected: boolean;
  /** Why not, if the invalidations know. */
  readonly trouble?: string;
  /** Whether reads of the second level are made (`closed`) or suspended after failures. */
  readonly reads: BreakerState;
  readonly writes: BreakerState;
}

export interface CacheStats extends Readonly<CacheCounters> {
  /** Values kept in process now. */
  readonly entries: number;
  /** Their approximate size. */
  readonly bytes: number;
  /** Callers that shared a read or a load with another. */
  readonly coalesced: number;
  /** Values read but not kept in process, because something happened to their key or the connection meanwhile. */
  readonly refusedByVersion: number;
  /** Calls to the second level that failed or took too long. */
  readonly l2Failures: number;
}

const OPEN = 'cache.open';
const NUMBERS = ['maxEntries', 'maxBytes', 'budgetMs', 'deleteWhereMs'] as const;
const OPTIONS = [...NUMBERS, 'breaker', 'clock', 'random'];
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
 * A cache on two levels: values in this process over a store that other processes share. A value is kept in process only
 * while every change of it is told; README.md says exactly what a reader may rely on.
 */
export class CoherentCache {
  readonly #core: CacheCore;
  readonly #patterns = new Set<string>();
  readonly #invalidations: CacheInvalidations;
  readonly #stopListening: () => void;

  constructor(
    { cache, invalidations }: { cache: Cache; invalidations: CacheInvalidations },
    options: CoherentCacheOptions = {},
  ) {
    requireOptions(options);
    const { maxEntries = 100_000, maxBytes = 64 * 1024 * 1024, budgetMs = 250 } = options;
    const { clock = systemCacheClock, random = Math.random, breaker, deleteWhereMs = 60_000 } = options;
    const guarded = () => new GuardedCalls(clock, new Breaker(clock, breaker), budgetMs);
    const reading = new Flights('cache.get', clock);
    const obtaining = new Flights('cache.getOrLoad', clock);
    const l1 = new CoherentL1({ maxEntries, maxBytes }, clock, [reading, obtaining]);
    this.#core = {
      cache,
      l1,
      clock,
      random,
      deleteWhereMs,
      reads: guarded(),
      writes: guarded(),
      reading,
      obtaining,
      loading: new Flights('cache.load', clock),
      refreshing: new Flights('cache.refresh', clock),
      tokens: new Tokens(),
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
    this.#invalidations = invalidations;
    this.#stopListening = l1.listenTo(invalidations);
  }

  /** The values of one key pattern. Throws `ValidationError` for a wrong option and for a pattern that was given before. */
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
    const { l1, reads, writes } = this.#core;
    const trouble = l1.isConnected ? undefined : this.#invalidations.trouble?.();
    return {
      isConnected: l1.isConnected,
      ...(trouble === undefined ? {} : { trouble }),
      reads: reads.state,
      writes: writes.state,
    };
  }

  stats(): CacheStats {
    const { counters, l1, reads, writes, reading, obtaining, loading } = this.#core;
    return {
      ...counters,
      entries: l1.entries,
      bytes: l1.bytes,
      coalesced: reading.joins + obtaining.joins + loading.joins,
      refusedByVersion: l1.refusals,
      l2Failures: reads.failures + writes.failures,
    };
  }

  /** Stops listening and forgets what is in process. What is asked afterwards comes from the second level. */
  close(): void {
    this.#stopListening();
    this.#core.l1.onDisconnected();
  }
}
