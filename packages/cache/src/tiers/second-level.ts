import type { CacheEntry, CallOptions, Decoder, Keyspace } from '@quantumtrade/dal-domain';
import { encodeTextFor, isDatabaseError } from '@quantumtrade/dal-domain';
import type { CacheCore } from '../core.js';
import type { KeyspaceOptions } from '../options.js';
import type { CachedEntry, KeyVersion } from './first-level.js';
import { freeze } from './first-level.js';
import type { GuardedCalls } from './guarded-calls.js';
import type { NewLease } from './leases.js';
import { CACHE_MARKER, Lease } from './leases.js';

/** Stands for a value that is known not to exist. */
const ABSENT = Symbol('absent');
/** Stands for a stored value that does not match its schema. */
export const UNREADABLE = Symbol('unreadable');

/** Decoded content of a key on the second level. */
type LeasedValue<T> = T | Lease | typeof ABSENT | typeof UNREADABLE;

/** JSON form of {@link ABSENT}. */
const ABSENT_JSON = { [CACHE_MARKER]: 'absent' };

/** Returns a decoder of values and leases. It never throws, so that one unreadable value does not fail a read of many. */
function withLeases<T>(decoder: Decoder<T>): Decoder<LeasedValue<T>> {
  return {
    parse(stored) {
      if (typeof stored === 'object' && stored !== null && CACHE_MARKER in stored) {
        if (stored[CACHE_MARKER] === 'absent') return ABSENT;
        if ('token' in stored && typeof stored.token === 'string') return new Lease(stored.token);
      }
      try {
        return decoder.parse(stored);
      } catch {
        return UNREADABLE;
      }
    },
  };
}

/** A loader's value, frozen for readers and encoded for the second level. */
export interface LoadedValue<T> {
  readonly value: T | null;
  /** Approximate size. */
  readonly bytes: number;
  /** The JSON form that is stored. */
  readonly encoded: unknown;
  /** When the load began, epoch milliseconds. */
  readonly startedAt: number;
}

/** Content of a key after it was read. */
export type Found<T> = CachedEntry<T> | Lease | typeof UNREADABLE;

type StoredEntry<T> = CacheEntry<LeasedValue<T>> | typeof UNREADABLE;

/** The shortest time to live of the second level. */
const SHORTEST_TTL_SECONDS = 0.001;

/** The values of one keyspace on the second level. What is read or stored there is kept on the first level as well. */
export class SecondLevel<P extends string, T> {
  readonly #core: CacheCore;
  readonly #keyspace: Keyspace<P, T>;
  readonly #options: Required<KeyspaceOptions>;
  readonly #decoder: Decoder<LeasedValue<T>>;

  constructor(core: CacheCore, keyspace: Keyspace<P, T>, options: Required<KeyspaceOptions>) {
    this.#core = core;
    this.#keyspace = keyspace;
    this.#options = options;
    this.#decoder = withLeases(keyspace.codec);
  }

  /**
   * Returns the time to live of a value that is stored now, shortened at random. For a loaded value that is absent, it is 0 where
   * absence is not kept.
   */
  ttlSeconds(loaded?: LoadedValue<T>): number {
    const { jitter, staleWhileRevalidateMs, negativeTtlMs } = this.#options;
    if (loaded?.value === null) return negativeTtlMs / 1_000;
    return this.#keyspace.ttlSeconds * (1 - jitter * this.#core.random()) + staleWhileRevalidateMs / 1_000;
  }

  /** Reads a key. Concurrent callers share one read while changes are received. */
  read(key: string, options?: CallOptions): Promise<Found<T> | null> {
    const { firstLevel, reading } = this.#core;
    const look = () => this.#look(key, firstLevel.versionOf(key), null);
    return reading.run(key, options, look, firstLevel.isConnected);
  }

  /**
   * Reads a key, and gives it a new lease if it holds nothing. This takes one call while both breakers are closed; otherwise the
   * key is read first, so that a read-only second level still answers.
   */
  async readOrLease(key: string): Promise<Found<T> | NewLease> {
    const { firstLevel, reads, writes, leases } = this.#core;
    const isOneCall = reads.breaker.state === 'closed' && writes.breaker.state === 'closed';
    const found = isOneCall ? null : await this.read(key);
    if (found !== null) return found;
    const lease = leases.next(firstLevel.versionOf(key));
    return this.#look(key, lease.version, lease, isOneCall ? reads : undefined);
  }

  /** Reads many keys in one call that is not shared; in one call for each key when one of them holds no JSON. */
  async readMany(keys: readonly string[]): Promise<(Found<T> | null)[]> {
    const { cache, firstLevel, time, reads, local } = this.#core;
    if (keys.some((key) => local.pendingRemovals.has(key))) return this.#readEach(keys);
    const startedAt = time.now();
    const versions = keys.map((key) => firstLevel.versionOf(key));
    try {
      const stored = await reads.run('cache.getMany', (within) =>
        cache.getEntries(keys, this.#decoder, within),
      );
      return stored.map((entry, i) => entry && this.#take(entry, startedAt, versions[i]!));
    } catch (error) {
      if (isUnreadable(error)) return this.#readEach(keys);
      throw error;
    }
  }

  #readEach(keys: readonly string[]): Promise<(Found<T> | null)[]> {
    return Promise.all(keys.map((key) => this.read(key)));
  }

  /**
   * Returns what a key holds, else gives it the lease, if there is one, and returns that. A pending removal is unreadable: its
   * reader removes it first.
   */
  async #look<L extends NewLease | null>(
    key: string,
    version: KeyVersion,
    lease: L,
    others?: GuardedCalls,
  ): Promise<Found<T> | L> {
    const { cache, local, time, reads, writes } = this.#core;
    const startedAt = time.now();
    let stored: StoredEntry<T> | null = UNREADABLE;
    try {
      if (!local.pendingRemovals.has(key)) {
        const leaseSeconds = this.#options.loadTimeoutMs / 1_000;
        stored = await (lease === null
          ? reads.run('cache.get', (within) => cache.getEntry(key, this.#decoder, within))
          : writes.run(
              'cache.getEntryOrSet',
              (within) => cache.getEntryOrSet(key, this.#decoder, lease.json, leaseSeconds, within),
              { others },
            ));
      }
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
    return stored === null ? lease : this.#take(stored, startedAt, version);
  }

  /** Keeps on the first level what was read since an instant and a version of its key. */
  #take(stored: StoredEntry<T>, startedAt: number, version: KeyVersion): Found<T> {
    const { firstLevel, counters } = this.#core;
    if (stored === UNREADABLE || stored.value === UNREADABLE) {
      counters.unreadable++;
      return UNREADABLE;
    }
    if (stored.value instanceof Lease) return stored.value;
    const value = stored.value === ABSENT ? null : stored.value;
    const entry = this.#entry(value, stored.expiresAt, startedAt);
    firstLevel.put(version, entry, freeze(value));
    return entry;
  }

  /** Freezes and encodes a value of a loader. Throws `ValidationError` for what is not a value of the keyspace. */
  takeOver(value: T | null, startedAt: number): LoadedValue<T> {
    const encoded = value === null ? ABSENT_JSON : encodeTextFor(this.#keyspace, value);
    return { value, bytes: freeze(value), encoded, startedAt };
  }

  /**
   * Stores a loaded value if the key still holds the load's lease, and keeps it on the first level at once. Sends no
   * notification: no first level holds a value of a key with a lease.
   */
  async storeLoaded(key: string, lease: NewLease, loaded: LoadedValue<T>): Promise<boolean> {
    const { cache, firstLevel, local, time, writes } = this.#core;
    const { value, bytes, encoded, startedAt } = loaded;
    const ttlSeconds = this.ttlSeconds(loaded);
    if (ttlSeconds === 0) return this.remove(key);
    const { counters } = lease.version;
    const version = { ...lease.version, changes: counters.changes };
    const expiresAt = time.now() + ttlSeconds * 1_000;
    const isStored = await writes.run('cache.setIfUnchanged', (within) =>
      cache.setIfUnchanged(key, lease.json, encoded, ttlSeconds, { ...within, notify: false }),
    );
    if (isStored && !local.pendingRemovals.has(key)) {
      firstLevel.put(version, this.#entry(value, expiresAt, startedAt), bytes);
    }
    return isStored;
  }

  /** Ends a lease without a value, if the key still holds it: others may load at once. */
  async endLease(key: string, { json }: NewLease): Promise<void> {
    await this.#setIfUnchanged(key, json, json, SHORTEST_TTL_SECONDS);
  }

  /** Stores a reloaded value if the key still holds the old one. */
  async storeRefreshed(key: string, old: T, loaded: LoadedValue<T>): Promise<boolean> {
    const expected = encodeTextFor(this.#keyspace, old);
    const ttlSeconds = this.ttlSeconds(loaded);
    const isReplaced = await (ttlSeconds === 0
      ? this.remove(key)
      : this.#setIfUnchanged(key, expected, loaded.encoded, ttlSeconds));
    this.#core.firstLevel.changed([key]);
    return isReplaced;
  }

  /** Deletes a key; returns true. */
  async remove(key: string): Promise<true> {
    const { cache, writes, local } = this.#core;
    await writes.run('cache.delete', (within) => cache.delete(key, within));
    local.settle([key]);
    return true;
  }

  /** Keeps on the first level what was loaded while the second did not answer, if the keyspace allows for staleness. */
  keepUnstored({ value, bytes, startedAt }: LoadedValue<T>, version: KeyVersion): void {
    const { stalenessMs, l1TtlMs, negativeTtlMs } = this.#options;
    const lifeMs = Math.min(stalenessMs, l1TtlMs, value === null ? negativeTtlMs : this.ttlSeconds() * 1_000);
    const end = endOf(startedAt, lifeMs);
    const entry = { value, freshUntil: end, usableUntil: end, refreshAt: end };
    this.#core.firstLevel.put(version, entry, bytes);
  }

  #setIfUnchanged(key: string, expected: unknown, value: unknown, ttlSeconds: number): Promise<boolean> {
    const { cache, writes } = this.#core;
    return writes.run('cache.setIfUnchanged', (within) =>
      cache.setIfUnchanged(key, expected, value, ttlSeconds, within),
    );
  }

  #entry(value: T | null, expiresAt: number, startedAt: number): CachedEntry<T> {
    const { l1TtlMs, stalenessMs, staleWhileRevalidateMs, eagerRefreshAt } = this.#options;
    const freshUntil = value === null ? expiresAt : expiresAt - staleWhileRevalidateMs;
    const earlyMs = value === null ? 0 : (1 - eagerRefreshAt) * this.#keyspace.ttlSeconds * 1_000;
    const staleAt = this.#core.firstLevel.isConnected ? Infinity : endOf(startedAt, stalenessMs);
    return {
      value,
      freshUntil,
      refreshAt: freshUntil - earlyMs,
      usableUntil: Math.min(expiresAt, startedAt + l1TtlMs, staleAt),
    };
  }
}

const isUnreadable = (error: unknown) => isDatabaseError(error) && error.code === 'CACHE' && !error.retryable;

/** Returns the end of a life. One of no length has always ended: a clock that steps back does not begin it again. */
const endOf = (startedAt: number, lifeMs: number): number => (lifeMs > 0 ? startedAt + lifeMs : -Infinity);
