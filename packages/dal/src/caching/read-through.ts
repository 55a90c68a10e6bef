import type { Cache, CallOptions } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import { WriteCounts } from './write-counts.js';

/** Told of each lookup of the read-through cache. */
export interface CacheObserver {
  cacheLookup(hit: boolean): void;
}

/** How long one look into the cache may take, at most half of what the caller has left. */
const LOOKUP_MS = 250;
/** How long the cache may take to follow a write. */
const FOLLOW_MS = 1_000;
/** Values removed at a time. */
const REMOVED_AT_ONCE = 500;

/**
 * Redis is never the source of truth: a cache that fails, hangs past its bound or holds nonsense counts as empty, and
 * the call goes on with the database. What is not the cache's own failure (an aborted signal) is passed on.
 */
async function tolerant<T>(attempt: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (isDatabaseError(error) && error.code !== 'VALIDATION') return otherwise;
    throw error;
  }
}

/** One read of a cached value: where it may be, where it surely is, and how it gets from there to here. */
export interface CachedRead<T> {
  cached(options: CallOptions): Promise<T | null>;
  load(): Promise<T | null>;
  store(value: T, options: CallOptions): Promise<unknown>;
}

/** The meeting point of all reads and writes of cached values, by their keys in the cache. One for each data layer. */
export class ReadThrough {
  readonly #cache: Pick<Cache, 'delete'>;
  readonly #observer: CacheObserver;
  readonly #writes = new WriteCounts();

  constructor(cache: Pick<Cache, 'delete'>, observer: CacheObserver) {
    this.#cache = cache;
    this.#observer = observer;
  }

  /**
   * Serves from the cache, else loads and stores; `hit` tells which it was. A value is not stored if its key was written,
   * in this process, after loading began.
   */
  async read<T>(
    key: string,
    options: CallOptions | undefined,
    { cached, load, store }: CachedRead<T>,
  ): Promise<{ value: T | null; hit: boolean }> {
    const found = await tolerant(() => cached(lookup(options)), null);
    this.#observer.cacheLookup(found !== null);
    if (found !== null) return { value: found, hit: true };
    const writes = this.#writes.of(key);
    const value = await load();
    if (value !== null && writes === this.#writes.of(key)) {
      await tolerant(() => store(value, lookup(options)), undefined);
    }
    return { value, hit: false };
  }

  /**
   * Writes to the store, then lets the cache follow: by default it forgets the values of the keys, as it does when it cannot
   * follow, and when the write failed, so that nobody knows what it left behind. The cache is bound by a time of its own,
   * whatever becomes of the caller meanwhile, and its failures change nothing about the write's outcome.
   */
  async write<T>(
    keys: readonly string[],
    insert: () => Promise<T>,
    follow?: (result: T, options: CallOptions) => Promise<unknown>,
  ): Promise<T> {
    let result: T;
    try {
      result = await this.guard(keys, insert);
    } catch (error) {
      const isUnsent = isDatabaseError(error) && error.code === 'VALIDATION';
      if (!isUnsent) await this.forget(keys, briefly()).catch(() => undefined);
      throw error;
    }
    const within = briefly();
    const following = async () => (follow ? follow(result, within) : this.forget(keys, within));
    await following()
      .catch(() => follow && this.forget(keys, within))
      .catch(() => undefined);
    return result;
  }

  /** Keeps values out of the cache that were loaded before or while the write ran: those of the keys, or of all keys. */
  async guard<T>(keys: readonly string[] | 'all', write: () => Promise<T>): Promise<T> {
    this.#writes.count(keys);
    try {
      return await write();
    } finally {
      this.#writes.count(keys);
    }
  }

  /** Removes values from the cache, unless all of many at once fail; what is left stays until its time is over. */
  async forget(keys: readonly string[], options: CallOptions): Promise<void> {
    for (let first = 0; first < keys.length; first += REMOVED_AT_ONCE) {
      const some = keys.slice(first, first + REMOVED_AT_ONCE);
      const removals = await Promise.allSettled(some.map((key) => this.#cache.delete(key, options)));
      const failures = removals.filter((removal) => removal.status === 'rejected');
      if (failures.length === some.length) throw failures[0]!.reason;
    }
  }
}

const briefly = (): CallOptions => ({ deadline: Date.now() + FOLLOW_MS });

function lookup(options: CallOptions | undefined): CallOptions {
  const now = Date.now();
  const left = (options?.deadline ?? Infinity) - now;
  return {
    ...(options?.signal && { signal: options.signal }),
    deadline: now + Math.min(LOOKUP_MS, left / 2),
  };
}
