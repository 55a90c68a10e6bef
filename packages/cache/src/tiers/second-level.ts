import type { CacheEntry, CallOptions, Decoder, Keyspace } from '@quantumtrade/dal-domain';
import { encodeFor, isDatabaseError } from '@quantumtrade/dal-domain';
import type { CacheCore } from '../core.js';
import type { KeyspaceOptions } from '../options.js';
import type { CachedEntry } from './first-level.js';
import { freeze } from './first-level.js';
import type { LeasedValue } from './leases.js';
import { ABSENT, ABSENT_JSON, Lease, leaseJson, NewLease, UNREADABLE, withLeases } from './leases.js';

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

type StoredEntry<T> = CacheEntry<LeasedValue<T>> | typeof UNREADABLE | null;

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

  /** Returns the time to live of a value that is stored now, shortened at random. */
  ttlSeconds(): number {
    const { jitter, staleWhileRevalidateMs } = this.#options;
    return this.#keyspace.ttlSeconds * (1 - jitter * this.#core.random()) + staleWhileRevalidateMs / 1_000;
  }

  /** Reads a key. Concurrent callers share one read while changes are received. */
  read(key: string, options?: CallOptions): Promise<Found<T> | null> {
    const { invalidations, reading } = this.#core;
    return reading.run(key, options, () => this.#readAlone(key), invalidations.isConnected);
  }

  async #readAlone(key: string): Promise<Found<T> | null> {
    const { cache, reads, firstLevel, time } = this.#core;
    const startedAt = time.now();
    const version = firstLevel.versionOf(key);
    const stored = await this.#ask(key, () =>
      reads.run('cache.get', (within) => cache.getEntry(key, this.#decoder, within)),
    );
    return this.#keep(key, stored, startedAt, version);
  }

  /**
   * Reads a key, and gives it a new lease if it holds nothing. This takes one call while both breakers are closed; otherwise the
   * key is read first, so that a read-only second level still answers.
   */
  async readOrLease(key: string): Promise<Found<T>> {
    const { cache, reads, writes, tokens, firstLevel, time } = this.#core;
    const isOneCall = reads.breaker.state === 'closed' && writes.breaker.state === 'closed';
    const found = isOneCall ? null : await this.read(key);
    if (found !== null) return found;
    const startedAt = time.now();
    const version = firstLevel.versionOf(key);
    const token = tokens.next();
    const leaseSeconds = this.#options.loadTimeoutMs / 1_000;
    const stored = await this.#ask(key, () =>
      writes.run(
        'cache.getEntryOrSet',
        (within) => cache.getEntryOrSet(key, this.#decoder, leaseJson(token), leaseSeconds, within),
        { others: isOneCall ? reads : undefined },
      ),
    );
    return this.#keep(key, stored, startedAt, version) ?? new NewLease(token);
  }

  /** Reads many keys in one call that is not shared; in one call for each key when one of them holds no JSON. */
  async readMany(keys: readonly string[]): Promise<(Found<T> | null)[]> {
    const { cache, firstLevel, time, reads, local } = this.#core;
    if (keys.some((key) => local.isPendingRemoval(key))) return this.#readEach(keys);
    const startedAt = time.now();
    const versions = keys.map((key) => firstLevel.versionOf(key));
    try {
      const stored = await reads.run('cache.getMany', (within) =>
        cache.getEntries(keys, this.#decoder, within),
      );
      return stored.map((entry, i) => this.#keep(keys[i]!, entry, startedAt, versions[i]!));
    } catch (error) {
      if (isUnreadable(error)) return this.#readEach(keys);
      throw error;
    }
  }

  #readEach(keys: readonly string[]): Promise<(Found<T> | null)[]> {
    return Promise.all(keys.map((key) => this.read(key)));
  }

  /** Calls the second level for what a key holds. A pending removal is unreadable: its reader removes it first. */
  async #ask(key: string, call: () => Promise<CacheEntry<LeasedValue<T>> | null>): Promise<StoredEntry<T>> {
    if (this.#core.local.isPendingRemoval(key)) return UNREADABLE;
    try {
      return await call();
    } catch (error) {
      if (isUnreadable(error)) return UNREADABLE;
      throw error;
    }
  }

  /** Keeps on the first level what was read since an instant and a version of its key. */
  #keep(key: string, stored: StoredEntry<T>, startedAt: number, version: number): Found<T> | null {
    const { firstLevel, counters } = this.#core;
    if (stored === null) return null;
    if (stored === UNREADABLE || stored.value === UNREADABLE) {
      counters.unreadable++;
      return UNREADABLE;
    }
    if (stored.value instanceof Lease) return stored.value;
    const value = stored.value === ABSENT ? null : stored.value;
    const entry = this.#entry(value, stored.expiresAt, startedAt);
    firstLevel.put(key, entry, freeze(value), version);
    return entry;
  }

  /** Freezes and encodes a value of a loader. Throws `ValidationError` for what is not a value of the keyspace. */
  takeOver(value: T | null, startedAt: number): LoadedValue<T> {
    const encoded = value === null ? null : encodeFor(this.#keyspace, value);
    return { value, bytes: freeze(value), encoded, startedAt };
  }

  /**
   * Stores a loaded value if the key still holds the load's lease, and keeps it on the first level at once. Sends no
   * notification: no first level holds a value of a key with a lease.
   */
  async storeLoaded(key: string, token: string, loaded: LoadedValue<T>): Promise<boolean> {
    const { cache, firstLevel, local, time, writes } = this.#core;
    const { value, bytes, encoded, startedAt } = loaded;
    const ttlSeconds = value === null ? this.#options.negativeTtlMs / 1_000 : this.ttlSeconds();
    if (ttlSeconds === 0) return this.remove(key);
    const version = firstLevel.versionOf(key);
    const expiresAt = time.now() + ttlSeconds * 1_000;
    const json = value === null ? ABSENT_JSON : encoded;
    const isStored = await writes.run('cache.setIfUnchanged', (within) =>
      cache.setIfUnchanged(key, leaseJson(token), json, ttlSeconds, { ...within, notify: false }),
    );
    if (isStored && !local.isPendingRemoval(key)) {
      firstLevel.put(key, this.#entry(value, expiresAt, startedAt), bytes, version);
    }
    return isStored;
  }

  /** Ends a lease without a value, if the key still holds it: others may load at once. */
  async endLease(key: string, token: string): Promise<void> {
    const lease = leaseJson(token);
    await this.#setIfUnchanged(key, lease, lease, SHORTEST_TTL_SECONDS);
  }

  /** Stores a reloaded value if the key still holds the old one. */
  async storeRefreshed(key: string, old: T, { value, encoded }: LoadedValue<T>): Promise<boolean> {
    const { negativeTtlMs } = this.#options;
    const expected = encodeFor(this.#keyspace, old);
    let isReplaced: boolean;
    if (value !== null) isReplaced = await this.#setIfUnchanged(key, expected, encoded, this.ttlSeconds());
    else if (negativeTtlMs === 0) isReplaced = await this.remove(key);
    else isReplaced = await this.#setIfUnchanged(key, expected, ABSENT_JSON, negativeTtlMs / 1_000);
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
  keepUnstored(key: string, { value, bytes, startedAt }: LoadedValue<T>, version: number): void {
    const { stalenessMs, l1TtlMs, negativeTtlMs } = this.#options;
    const lifeMs = Math.min(stalenessMs, l1TtlMs, value === null ? negativeTtlMs : this.ttlSeconds() * 1_000);
    const end = startedAt + lifeMs;
    const entry = { value, freshUntil: end, usableUntil: end, refreshAt: end };
    this.#core.firstLevel.put(key, entry, bytes, version);
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
    const staleAt = this.#core.invalidations.isConnected ? Infinity : startedAt + stalenessMs;
    return {
      value,
      freshUntil,
      refreshAt: freshUntil - earlyMs,
      usableUntil: Math.min(expiresAt, startedAt + l1TtlMs, staleAt),
    };
  }
}

const isUnreadable = (error: unknown) => isDatabaseError(error) && error.code === 'CACHE' && !error.retryable;
