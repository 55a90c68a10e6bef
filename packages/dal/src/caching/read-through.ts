import type { CallOptions } from '@quantumtrade/dal-domain';
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

/**
 * Redis is never the source of truth: a cache that fails, hangs past its bound or holds nonsense counts as empty, and
 * the call goes on with the database. What is not the cache's own failure (an aborted signal) is passed on.
 */
export async function tolerant<T>(attempt: () => Promise<T>, otherwise: T): Promise<T> {
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

/** The meeting point of reads and writes of one keyspace. */
export class ReadThrough {
  readonly #observer: CacheObserver;
  readonly #writes = new WriteCounts();

  constructor(observer: CacheObserver) {
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
   * Writes to the store, then lets the cache follow; when the write failed, and so nobody knows what it left behind, lets it
   * forget. The cache is bound by a time of its own: the rows are written, whatever becomes of the caller meanwhile.
   */
  async write<T>(
    keys: readonly string[],
    insert: () => Promise<T>,
    follow: (result: T, options: CallOptions) => Promise<unknown>,
    forget: (options: CallOptions) => Promise<unknown>,
  ): Promise<T> {
    this.#writes.count(keys);
    const within = () => ({ deadline: Date.now() + FOLLOW_MS });
    try {
      const result = await insert();
      this.#writes.count(keys);
      await tolerant(() => follow(result, within()), undefined);
      return result;
    } catch (error) {
      this.#writes.count(keys);
      if (!isDatabaseError(error) || error.code !== 'VALIDATION') {
        await tolerant(() => forget(within()), undefined).catch(() => undefined);
      }
      throw error;
    }
  }
}

function lookup(options: CallOptions | undefined): CallOptions {
  const now = Date.now();
  const left = (options?.deadline ?? Infinity) - now;
  return {
    ...(options?.signal && { signal: options.signal }),
    deadline: now + Math.min(LOOKUP_MS, left / 2),
  };
}
