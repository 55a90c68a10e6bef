import type { BreakerState, CacheStats, CoherentKeyspace } from '@quantumtrade/dal-cache';
import { CoherentCache } from '@quantumtrade/dal-cache';
import type {
  Cache,
  CacheBackend,
  CacheState,
  CallOptions,
  TimeSource,
  Keyspace,
  KeyspaceValues,
} from '@quantumtrade/dal-domain';
import { CALL_OPTIONS, systemClock } from '@quantumtrade/dal-domain';
import { systemTimers } from '@quantumtrade/dal-writer';
import type { CacheObserver, Load, Surroundings } from './cached-values.js';
import { CachedValues } from './cached-values.js';
import { cacheOnlyValues } from './cache-only-values.js';
import { keyspaceOptions } from './keyspace-options.js';
import { OwnChanges } from './own-changes.js';
import { isRefusedInput } from './refused-input.js';
import type { Latest } from './replace-older.js';
import { replaceOlder } from './replace-older.js';

/** How long the cache may take to follow a write. */
const FOLLOW_MS = 1_000;
/** Values removed at a time. */
const REMOVED_AT_ONCE = 500;

/** The meeting point of all reads and writes of cached values, by their keys in the cache. One for each data layer. */
export class ReadThrough {
  /** The shared cache, for who writes keys himself: this process does not serve anything older than what was written. */
  readonly cache: Cache;
  readonly #own: OwnChanges;
  readonly #coherent: CoherentCache;
  readonly #around: Surroundings;
  /** The patterns of the values that are in the store, too. */
  readonly #patterns: string[] = [];
  /** Writes of which nobody knows what they touch. */
  readonly #blind = { underWay: 0, ended: 0 };

  /** The clock must be the one by which the backend's values end. */
  constructor(
    backend: Pick<CacheBackend, 'cache' | 'invalidations' | 'budgetMs'>,
    observer: CacheObserver,
    clock: TimeSource = systemClock,
  ) {
    this.#own = new OwnChanges(backend, clock);
    this.#around = { observer, clock, seeing: (key, load) => this.#seeing(key, load) };
    this.cache = this.#own.cache;
    const { secondLevel, invalidations } = this.#own;
    const time = { now: () => clock.now(), after: systemTimers.after };
    const { budgetMs } = backend;
    this.#coherent = new CoherentCache(
      { cache: secondLevel, invalidations },
      { clock: time, ...(budgetMs === undefined ? {} : { budgetMs }) },
    );
  }

  /** Values that are in the store, too. `known` are the keys that the options of a call may have. */
  values<P extends string, T>(
    keyspace: Keyspace<P, T>,
    load: Load<P, T>,
    known: readonly string[] = CALL_OPTIONS,
  ): CachedValues<P, T> {
    this.#patterns.push(keyspace.pattern);
    return new CachedValues(keyspace, this.#keyspace(keyspace), load, this.#around, known);
  }

  /** Values that are in the cache alone. */
  cacheOnly<P extends string, T>(keyspace: Keyspace<P, T>): KeyspaceValues<P, T> {
    return cacheOnlyValues(keyspace, this.#keyspace(keyspace), this.#around.clock);
  }

  /**
   * Writes to the store, then has the cache forget the values of the keys or, of these latest values, replace the older
   * ones. When the write failed, it forgets them too: nobody knows what it left behind. The cache is bound by a time of
   * its own, whatever becomes of the caller meanwhile, and its failures change nothing about the write's outcome.
   */
  async write<R>(
    keys: readonly string[],
    insert: () => Promise<R>,
    latestOf?: (result: R) => readonly Latest[],
  ): Promise<R> {
    let result: R;
    try {
      result = await insert();
    } catch (error) {
      if (!isRefusedInput(error)) await this.#follow(keys);
      throw error;
    }
    await this.#follow(keys, () => latestOf?.(result));
    return result;
  }

  /** A write of which nobody knows what it touches. What this process was loading meanwhile is not cached. */
  async writeBlindly<R>(write: () => Promise<R>): Promise<R> {
    this.#blind.underWay++;
    try {
      return await write();
    } finally {
      this.#blind.underWay--;
      this.#blind.ended++;
    }
  }

  /**
   * Deletes every value that was read from the store, on both levels and in all processes; what is being loaded meanwhile is
   * not cached. Rejects with the cache's error when the second level did not take it.
   */
  async clear(options?: CallOptions): Promise<void> {
    await Promise.all(this.#patterns.map((pattern) => this.cache.deleteWhere(pattern, {}, options)));
  }

  /** Half-open counts as suspended: one call tries whether the others may be made again. */
  state(): CacheState {
    const { isConnected, trouble, reads, writes } = this.#coherent.health();
    const stateOf = (breaker: BreakerState) => (breaker === 'closed' ? 'made' : 'suspended');
    return {
      hearsChanges: isConnected,
      ...(trouble === undefined ? {} : { changesError: trouble }),
      reads: stateOf(reads),
      writes: stateOf(writes),
    };
  }

  stats(): CacheStats {
    return this.#coherent.stats();
  }

  close(): void {
    this.#coherent.close();
  }

  #keyspace<P extends string, T>(keyspace: Keyspace<P, T>): CoherentKeyspace<P, T> {
    return this.#coherent.keyspace(keyspace, keyspaceOptions[keyspace.pattern]);
  }

  async #follow(keys: readonly string[], latest?: () => readonly Latest[] | undefined): Promise<void> {
    const within = briefly();
    const replace = async () => replaceOlder(this.cache, latest?.() ?? [], within);
    const kept = await replace().catch(() => new Set<string>());
    this.#own.tell([...kept]);
    const forgotten = [...keys.filter((key) => !kept.has(key)), ...this.#own.overdue];
    for (let first = 0; first < forgotten.length; first += REMOVED_AT_ONCE) {
      const some = forgotten.slice(first, first + REMOVED_AT_ONCE);
      await this.cache.deleteMany(some, within).catch(() => this.#own.addOverdue(some));
    }
  }

  /** Loads; when a blind write was under way meanwhile, the key loses the mark without which nothing is stored. */
  async #seeing<T>(key: string, load: () => Promise<T>): Promise<T> {
    const { ended } = this.#blind;
    const value = await load();
    if (this.#blind.underWay > 0 || ended !== this.#blind.ended) {
      await this.cache.delete(key, briefly()).catch(() => undefined);
    }
    return value;
  }
}

const briefly = (): CallOptions => ({ deadline: Date.now() + FOLLOW_MS });
