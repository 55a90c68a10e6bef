import type { Cache, CacheBackend, CallOptions, Keyspace, KeyspaceValues } from '@quantumtrade/dal-domain';
import { CALL_OPTIONS, checkCall, encodeFor, isDatabaseError, keyOf } from '@quantumtrade/dal-domain';
import { systemClock } from '@quantumtrade/dal-runtime';
import type { CacheHealth, CacheStats } from '../coherent-cache.js';
import { CoherentCache } from '../coherent-cache.js';
import type { CoherentKeyspace } from '../coherent-keyspace.js';
import { ReadThroughKeyspace } from './read-through-keyspace.js';
import { RecentWrites } from './recent-writes.js';
import type { ReadThroughOptions, StoreLoader, WrittenValue } from './types.js';

/** The time that the cache may take to follow a write. */
const FOLLOW_MS = 1_000;
const NO_KEYS: ReadonlySet<string> = new Set();
/** Keys removed by one call. */
const REMOVE_BATCH_SIZE = 500;

/** Coordinates the reads and writes of a store with a two-level cache before it. One for each data layer. */
export class ReadThroughCache {
  /** The shared cache for callers who write keys themselves: this process serves nothing older than what they wrote. */
  readonly cache: Cache;
  readonly #coherent: CoherentCache;
  readonly #options: ReadThroughOptions;
  readonly #holds: CacheBackend['holds'];
  /** Patterns of the values that are in the store as well. */
  readonly #patterns: string[] = [];
  readonly #untracked = { running: 0, ended: 0 };
  readonly #recentWrites: RecentWrites;

  constructor(
    {
      cache,
      invalidations,
      budgetMs,
      holds,
    }: Pick<CacheBackend, 'cache' | 'invalidations' | 'budgetMs' | 'holds'>,
    options: ReadThroughOptions,
  ) {
    const { time = systemClock } = options;
    // Calls of a backend without a budget do not wait.
    this.#coherent = new CoherentCache({ cache, invalidations }, { time, budgetMs: budgetMs ?? Infinity });
    this.#options = options;
    this.#holds = holds;
    this.#recentWrites = new RecentWrites(time);
    this.cache = this.#coherent.local.cache;
  }

  /** Opens a keyspace of values that the store has as well. `knownOptions` are the option keys that its calls accept. */
  values<P extends string, T>(
    keyspace: Keyspace<P, T>,
    load: StoreLoader<P, T>,
    knownOptions: readonly string[] = CALL_OPTIONS,
  ): ReadThroughKeyspace<P, T> {
    this.#patterns.push(keyspace.pattern);
    return new ReadThroughKeyspace(this.#open(keyspace, false), {
      pattern: keyspace.pattern,
      load,
      observer: this.#options.observer,
      knownOptions,
      untracked: this.#untracked,
      recentWrites: this.#recentWrites,
      discard: (key) => this.#discard(key),
    });
  }

  /** Opens a keyspace of values that only the cache has. They are shared and frozen. */
  cacheOnly<P extends string, T>(keyspace: Keyspace<P, T>): KeyspaceValues<P, T> {
    const values = this.#open(keyspace);
    const check = (options: CallOptions | undefined) => checkCall(options, keyspace.pattern);
    return {
      get: async (parts, options) => {
        check(options);
        return values.peek(parts) ?? (await values.get(parts, options));
      },
      set: async (parts, value, options) => {
        check(options);
        return values.set(parts, value, options);
      },
      setIfNewer: async (parts, value, options) => {
        check(options);
        return values.setIfNewer(parts, value, options);
      },
      update: async (parts, change, options) => {
        check(options);
        return values.update(parts, change, options);
      },
      delete: async (parts, options) => {
        check(options);
        return values.delete(parts, options);
      },
    };
  }

  /**
   * Writes to the store, then removes the keys from the cache. Older cached values are replaced by those that `takeWritten`
   * returns for the result; it is called before the insert, and only where the cache may hold a value of the keys. A write that
   * failed may have stored something, so the keys are removed then, too. The cache has a time limit of its own, whatever becomes
   * of the caller, and its failures change nothing about the outcome of the write. Where a server may lag, later loads of the keys
   * have to see the write.
   */
  async write<R extends { readonly writeToken: string | null }>(
    keys: readonly string[],
    insert: () => Promise<R>,
    takeWritten?: () => (result: R) => readonly WrittenValue[],
  ): Promise<R> {
    const holds = this.#holds;
    const writtenValues = holds === undefined || keys.some(holds) ? takeWritten?.() : undefined;
    let result: R;
    try {
      result = await insert();
    } catch (error) {
      // Nothing was sent of a write that was refused for its input.
      if (!isDatabaseError(error) || error.code !== 'VALIDATION') await this.#follow(keys, []);
      throw error;
    }
    if (result.writeToken !== null && this.#options.mayLag?.())
      this.#recentWrites.add(keys, result.writeToken);
    await this.#follow(keys, writtenValues?.(result) ?? []);
    return result;
  }

  /** Runs a write whose affected keys are unknown. What this process loads meanwhile is not cached. */
  async writeUntracked<R>(write: () => Promise<R>): Promise<R> {
    this.#untracked.running++;
    try {
      return await write();
    } finally {
      this.#untracked.running--;
      this.#untracked.ended++;
    }
  }

  /**
   * Deletes every value that was read from the store, on both levels and in all processes. What is loaded meanwhile is not
   * cached. Rejects with the cache's error when the second level did not accept it.
   */
  async clear(options?: CallOptions): Promise<void> {
    await Promise.all(this.#patterns.map((pattern) => this.cache.deleteWhere(pattern, {}, options)));
  }

  health(): CacheHealth {
    return this.#coherent.health();
  }

  stats(): CacheStats {
    return this.#coherent.stats();
  }

  close(): void {
    this.#coherent.close();
  }

  /** The calls of a store end by their own limits, so nothing else needs to end them. */
  #open<P extends string, T>(keyspace: Keyspace<P, T>, endsLateLoads = true): CoherentKeyspace<P, T> {
    return this.#coherent.keyspace(keyspace, { endsLateLoads, ...this.#options.keyspaces[keyspace.pattern] });
  }

  async #follow(keys: readonly string[], written: readonly WrittenValue[]): Promise<void> {
    const { local } = this.#coherent;
    const limits = shortly();
    const replaced = written.length > 0 ? await this.#replaceOlder(written, limits) : NO_KEYS;
    const removed = [...keys.filter((key) => !replaced.has(key)), ...local.pendingRemovals];
    if (this.#holds !== undefined && !removed.some(this.#holds)) return local.noteAbsent(removed);
    for (let first = 0; first < removed.length; first += REMOVE_BATCH_SIZE) {
      const batch = removed.slice(first, first + REMOVE_BATCH_SIZE);
      await this.cache.deleteMany(batch, limits).catch(() => local.addPendingRemovals(batch));
    }
  }

  /** Replaces cached values that are older, and removes those that cannot be compared. Returns the keys; none when it failed. */
  async #replaceOlder(written: readonly WrittenValue[], limits: CallOptions): Promise<ReadonlySet<string>> {
    const replaced = new Set<string>();
    try {
      const replacements: Promise<boolean>[] = [];
      for (const { keyspace, value } of written) {
        const key = keyOf<`{symbol}`>(keyspace.pattern as `{symbol}`, value);
        const encoded = encodeFor(keyspace, value) as { timestamp: string };
        replaced.add(key);
        replacements.push(this.cache.replaceIfNewer(key, encoded, keyspace.ttlSeconds, limits));
      }
      await Promise.all(replacements);
      return replaced;
    } catch {
      return NO_KEYS;
    }
  }

  /** Removes a key: its load loses its lease, without which nothing is stored. */
  #discard(key: string): Promise<unknown> {
    return this.cache.delete(key, shortly()).catch(() => this.#coherent.local.addPendingRemovals([key]));
  }
}

const shortly = (): CallOptions => ({ deadline: systemClock.now() + FOLLOW_MS });
