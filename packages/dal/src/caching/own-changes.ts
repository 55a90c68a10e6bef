import type {
  Cache,
  CacheBackend,
  CacheInvalidations,
  CacheWrite,
  CallOptions,
  TimeSource,
  InvalidationListener,
} from '@quantumtrade/dal-domain';
import { CacheError, keysWhere, systemClock } from '@quantumtrade/dal-domain';
import { onClock } from './on-clock.js';
import { isRefusedInput } from './refused-input.js';

/** Keys remembered that could not be removed; beyond it the oldest are forgotten. */
const MOST_OVERDUE = 10_000;

/**
 * Stands between a data layer and the cache that it shares with others, and adds what the data layer knows of its own
 * writes: this process hears of them when they end, not when the connection tells; and it does not read again what it
 * could not remove.
 */
export class OwnChanges {
  /** The shared cache, for who writes keys: level one hears of each write before it resolves. */
  readonly cache: Cache;
  /** The shared cache, for level one: without the values that are overdue. */
  readonly secondLevel: Cache;
  /** The shared cache's, and what is told here. */
  readonly invalidations: CacheInvalidations;
  #listener: InvalidationListener | undefined;
  readonly #overdue = new Set<string>();
  /** How often keys have become overdue. */
  #failedRemovals = 0;

  /** By the clock given, level one tells what its calls are limited to. */
  constructor({ cache, invalidations }: Pick<CacheBackend, 'cache' | 'invalidations'>, clock: TimeSource) {
    this.cache = this.#heard(forwarding(cache));
    this.secondLevel = this.#withoutOverdue(
      forwarding(cache, (options) => onClock(systemClock, options, clock)),
    );
    this.invalidations = {
      listen: (listener) => {
        this.#listener = listener;
        return invalidations.listen(listener);
      },
      trouble: () => invalidations.trouble?.(),
    };
  }

  /** What was read of these keys so far is not served out of this process any more. */
  tell(keys: readonly string[] | 'all'): void {
    this.#listener?.onInvalidated(keys);
  }

  /** Keys whose values should have been removed, and may still be there. */
  get overdue(): readonly string[] {
    return [...this.#overdue];
  }

  /** What is being read of these keys is not kept: its reader may have asked before it was known here. */
  addOverdue(keys: readonly string[]): void {
    this.#failedRemovals++;
    for (const key of keys) this.#overdue.add(key);
    this.tell(keys);
    for (const key of this.#overdue) {
      if (this.#overdue.size <= MOST_OVERDUE) return;
      this.#overdue.delete(key);
    }
  }

  #heard(inner: Cache): Cache {
    const telling = <R>(keys: () => readonly string[] | 'all', write: Promise<R>) =>
      write.then(
        (result) => {
          this.tell(keys());
          return result;
        },
        (error: unknown) => {
          if (!isRefusedInput(error)) this.tell(keys());
          throw error;
        },
      );
    const replacing = async <R>(keys: () => readonly string[], write: Promise<R>): Promise<R> => {
      const result = await telling(keys, write);
      this.#settle(keys());
      return result;
    };
    return {
      ...inner,
      set: (...call) => replacing(() => [call[0]], inner.set(...call)),
      setMany: (...call) => replacing(() => keysOf(call[0]), inner.setMany(...call)),
      setIfNewer: (...call) => telling(() => [call[0]], inner.setIfNewer(...call)),
      setIfUnchanged: (...call) => telling(() => [call[0]], inner.setIfUnchanged(...call)),
      getEntryOrSet: (...call) => telling(() => [call[0]], inner.getEntryOrSet(...call)),
      replaceIfNewer: (...call) => telling(() => [call[0]], inner.replaceIfNewer(...call)),
      delete: (...call) => replacing(() => [call[0]], inner.delete(...call)),
      deleteMany: (...call) => replacing(() => call[0], inner.deleteMany(...call)),
      deleteWhere: (...call) => telling(() => 'all', this.#deleteWhere(inner, call)),
    };
  }

  /** A key that is overdue reads as nonsense: its reader removes it first, and does without it where that fails. */
  #withoutOverdue(inner: Cache): Cache {
    const requireInTime = (key: string, operation: string) => {
      if (!this.#overdue.has(key)) return;
      throw new CacheError('the key holds what should have been removed', { operation, retryable: false });
    };
    return {
      ...inner,
      getEntry: async (...call) => {
        requireInTime(call[0], 'cache.getEntry');
        return inner.getEntry(...call);
      },
      getEntryOrSet: async (...call) => {
        requireInTime(call[0], 'cache.getEntryOrSet');
        return inner.getEntryOrSet(...call);
      },
      getEntries: async (...call) => {
        for (const key of call[0]) requireInTime(key, 'cache.getEntries');
        return inner.getEntries(...call);
      },
      delete: async (...call) => {
        const wasThere = await inner.delete(...call);
        this.#settle([call[0]]);
        return wasThere;
      },
      deleteWhere: (...call) => this.#deleteWhere(inner, call),
    };
  }

  /** What becomes overdue meanwhile stays so: it may have been put there behind the deletion's back. */
  async #deleteWhere(inner: Cache, call: Parameters<Cache['deleteWhere']>): Promise<number> {
    const { has } = keysWhere(call[0], call[1], 'cache.deleteWhere');
    const failedRemovals = this.#failedRemovals;
    const count = await inner.deleteWhere(...call);
    if (failedRemovals === this.#failedRemovals) this.#settle(this.overdue.filter(has));
    return count;
  }

  #settle(keys: readonly string[]): void {
    for (const key of keys) this.#overdue.delete(key);
  }
}

const keysOf = (entries: readonly CacheWrite[]): string[] => entries.map(({ key }) => key);

type Limits = CallOptions | undefined;

/** The cache itself, or with the limits of calls made into others. */
const forwarding = (cache: Cache, limits: (options: Limits) => Limits = (options) => options): Cache => ({
  get: async (key, decoder, options) => cache.get(key, decoder, limits(options)),
  getEntry: async (key, decoder, options) => cache.getEntry(key, decoder, limits(options)),
  getEntryOrSet: async (key, decoder, value, ttl, options) =>
    cache.getEntryOrSet(key, decoder, value, ttl, limits(options)),
  getMany: async (keys, decoder, options) => cache.getMany(keys, decoder, limits(options)),
  getEntries: async (keys, decoder, options) => cache.getEntries(keys, decoder, limits(options)),
  set: async (key, value, ttl, options) => cache.set(key, value, ttl, limits(options)),
  setMany: async (entries, options) => cache.setMany(entries, limits(options)),
  setIfNewer: async (key, value, ttl, options) => cache.setIfNewer(key, value, ttl, limits(options)),
  setIfUnchanged: async (key, expected, value, ttl, options) =>
    cache.setIfUnchanged(key, expected, value, ttl, limits(options)),
  replaceIfNewer: async (key, value, ttl, options) => cache.replaceIfNewer(key, value, ttl, limits(options)),
  delete: async (key, options) => cache.delete(key, limits(options)),
  deleteMany: async (keys, options) => cache.deleteMany(keys, limits(options)),
  deleteWhere: async (pattern, parts, options) => cache.deleteWhere(pattern, parts, limits(options)),
  exists: async (key, options) => cache.exists(key, limits(options)),
});
