import type {
  Cache,
  CacheBackend,
  CallOptions,
  KeyParts,
  Keyspace,
  KeyspaceValues,
} from '@quantumtrade/dal-domain';
import { CALL_OPTIONS, checkCall, encodeFor, isDatabaseError, keyOf } from '@quantumtrade/dal-domain';
import { systemClock } from '@quantumtrade/dal-runtime';
import type { CacheHealth, CacheStats } from '../coherent-cache.js';
import { CoherentCache } from '../coherent-cache.js';
import type { CoherentKeyspace } from '../coherent-keyspace.js';
import type { ManyLoader } from './load-batch.js';
import { loadTogether, orNulls } from './load-batch.js';
import type {
  ReadThroughObserver,
  ReadThroughOptions,
  StoreLoader,
  StoreLoading,
  WrittenValue,
} from './types.js';

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
    this.cache = this.#coherent.local.cache;
  }

  /** Opens a keyspace of values that the store has as well. `knownOptions` are the option keys that its calls accept. */
  values<P extends string, T>(
    keyspace: Keyspace<P, T>,
    load: StoreLoader<P, T>,
    knownOptions: readonly string[] = CALL_OPTIONS,
  ): ReadThroughKeyspace<P, T> {
    this.#patterns.push(keyspace.pattern);
    const { observer } = this.#options;
    const track = (loader: StoreLoader<P, T>): StoreLoader<P, T> => {
      return (parts, limits) => this.#load(keyspace, parts, limits, loader);
    };
    return new ReadThroughKeyspace(
      keyspace,
      this.#open(keyspace, false),
      { load: track(load), track },
      observer,
      knownOptions,
    );
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
   * of the caller, and its failures change nothing about the outcome of the write.
   */
  async write<R>(
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

  /** Loads from the store. The key loses its lease, without which nothing is stored, when an untracked write ran meanwhile. */
  async #load<P extends string, T>(
    { pattern }: Keyspace<P, T>,
    parts: Parameters<StoreLoader<P, T>>[0],
    limits: CallOptions,
    load: StoreLoader<P, T>,
  ): Promise<T | null> {
    const { ended } = this.#untracked;
    const value = await load(parts, limits);
    if (this.#untracked.running > 0 || ended !== this.#untracked.ended) {
      const key = keyOf(pattern, parts);
      await this.cache.delete(key, shortly()).catch(() => this.#coherent.local.addPendingRemovals([key]));
    }
    return value;
  }
}

const shortly = (): CallOptions => ({ deadline: systemClock.now() + FOLLOW_MS });

/** The values of one keyspace from this process, else the second level, else the store. They are shared and frozen. */
export class ReadThroughKeyspace<P extends string, T> {
  readonly #pattern: P;
  readonly #values: CoherentKeyspace<P, T>;
  readonly #loading: StoreLoading<P, T>;
  readonly #observer: ReadThroughObserver;
  readonly #knownOptions: readonly string[];

  /** Called by `ReadThroughCache.values`. */
  constructor(
    { pattern }: Keyspace<P, T>,
    values: CoherentKeyspace<P, T>,
    loading: StoreLoading<P, T>,
    observer: ReadThroughObserver,
    knownOptions: readonly string[],
  ) {
    this.#pattern = pattern;
    this.#values = values;
    this.#loading = loading;
    this.#observer = observer;
    this.#knownOptions = knownOptions;
  }

  /** Returns the value at once if this process holds it, else undefined. Throws what a call with these options rejects with. */
  peek(parts: KeyParts<P>, options: CallOptions | undefined): T | undefined {
    if (options !== undefined) checkCall(options, this.#pattern, this.#knownOptions);
    const value = this.#values.peek(parts);
    if (value !== undefined) this.#observer.cacheLookup(true);
    return value;
  }

  /** Returns the value, or null when the store has none. A loader error is passed unchanged. */
  get(parts: KeyParts<P>, options: CallOptions | undefined): Promise<T | null> {
    return this.#lookUp(parts, options, { hit: true });
  }

  /** Returns the value and whether it was cached. A call that ran the loader is a miss. A loader error is passed unchanged. */
  async find(
    parts: KeyParts<P>,
    options: CallOptions | undefined,
  ): Promise<{ readonly value: T | null; readonly hit: boolean }> {
    const lookup = { hit: true };
    const value = await this.#lookUp(parts, options, lookup);
    return { value, hit: lookup.hit };
  }

  /** Returns what `get` returns for each. Values that no level holds are loaded together by `loadMany`, as a rule by one call. */
  async getMany(
    list: readonly KeyParts<P>[],
    loadMany: ManyLoader<KeyParts<P>, T>,
    options: CallOptions | undefined,
  ): Promise<(T | null)[]> {
    if (options !== undefined) checkCall(options, this.#pattern, this.#knownOptions);
    const values = await orNulls(this.#values.getMany(list, options), list.length);
    const load = this.#loading.track(loadTogether(loadMany));
    return Promise.all(
      values.map((value, i) => {
        if (value === null) return this.#lookUp(list[i]!, options, { hit: true }, load);
        this.#observer.cacheLookup(true);
        return value;
      }),
    );
  }

  async #lookUp(
    parts: KeyParts<P>,
    options: CallOptions | undefined,
    lookup: { hit: boolean },
    loader = this.#loading.load,
  ): Promise<T | null> {
    if (options !== undefined) checkCall(options, this.#pattern, this.#knownOptions);
    const load = (limits: CallOptions) => {
      lookup.hit = false;
      return loader(parts, limits);
    };
    try {
      return await this.#values.getOrLoad(parts, load, options);
    } catch (error) {
      lookup.hit = false;
      throw error;
    } finally {
      this.#observer.cacheLookup(lookup.hit);
    }
  }
}
