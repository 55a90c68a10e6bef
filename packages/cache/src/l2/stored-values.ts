import type { CacheEntry, CallOptions, Decoder, Keyspace } from '@quantumtrade/dal-domain';
import { encodeFor, isDatabaseError } from '@quantumtrade/dal-domain';
import type { CacheCore } from '../core.js';
import type { Held } from '../l1/coherent-l1.js';
import { freeze } from '../l1/freeze.js';
import type { KeyspaceOptions } from '../options.js';
import type { Marked } from './marks.js';
import { ABSENT, absentMark, Loading, loadingMark, NewLoading, UNREADABLE, withMarks } from './marks.js';

/** What a loader gave: for readers, and for the second level. */
export interface Loaded<T> {
  readonly value: T | null;
  /** Its approximate size. */
  readonly bytes: number;
  /** In the JSON form that is stored. */
  readonly encoded: unknown;
}

/** What was found under a key. */
export type Found<T> = Held<T> | Loading | typeof UNREADABLE;

/** The shortest time that the second level knows. */
const MOMENT_SECONDS = 0.001;

/** The values of one keyspace on the second level. What is read from there is kept in process as long as it may be. */
export class StoredValues<P extends string, T> {
  readonly #core: CacheCore;
  readonly #keyspace: Keyspace<P, T>;
  readonly #options: Required<KeyspaceOptions>;
  readonly #decoder: Decoder<Marked<T>>;

  constructor(core: CacheCore, keyspace: Keyspace<P, T>, options: Required<KeyspaceOptions>) {
    this.#core = core;
    this.#keyspace = keyspace;
    this.#options = options;
    this.#decoder = withMarks(keyspace.codec);
  }

  /** How long a value is to be stored, shortened at random. */
  ttlSeconds(): number {
    const { jitter, staleWhileRevalidateMs } = this.#options;
    return this.#keyspace.ttlSeconds * (1 - jitter * this.#core.random()) + staleWhileRevalidateMs / 1_000;
  }

  /** Callers who ask for the same key at the same time share one read, as long as they would be told of a change since. */
  read(key: string, options?: CallOptions): Promise<Found<T> | null> {
    const { cache, l1, reads, reading } = this.#core;
    const ask = (within: CallOptions) => cache.getEntry(key, this.#decoder, within);
    const start = () => this.#take(key, () => reads.run('cache.get', ask));
    return reading.join(key, options, start, l1.isConnected);
  }

  /**
   * What the key holds, or the mark of a new load that it was given because it held nothing. It takes one call while reads
   * and writes are made. Otherwise it takes one for each, so that a second level without writes is still read.
   */
  async readOrMark(key: string): Promise<Found<T>> {
    const { cache, reads, writes, tokens } = this.#core;
    const isOneCall = reads.state === 'closed' && writes.state === 'closed';
    const found = isOneCall ? null : await this.read(key);
    if (found !== null) return found;
    const token = tokens.next();
    const life = this.#options.loadTimeoutMs / 1_000;
    const ask = (within: CallOptions) =>
      cache.getEntryOrSet(key, this.#decoder, loadingMark(token), life, within);
    const run = () => writes.run('cache.getEntryOrSet', ask, { others: isOneCall ? reads : undefined });
    return (await this.#take(key, run)) ?? new NewLoading(token);
  }

  async #take(key: string, ask: () => Promise<CacheEntry<Marked<T>> | null>): Promise<Found<T> | null> {
    const { l1, clock } = this.#core;
    const begin = clock.now();
    const version = l1.versionOf(key);
    let stored: CacheEntry<Marked<T>> | null;
    try {
      stored = await ask();
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      stored = unreadable;
    }
    return this.#keep(key, stored, begin, version);
  }

  /** Keeps in process what was read since an instant and a version of its key. */
  #keep(key: string, stored: CacheEntry<Marked<T>> | null, begin: number, version: number): Found<T> | null {
    const { l1, counters } = this.#core;
    if (stored === null) return null;
    if (stored.value instanceof Loading) return stored.value;
    if (stored.value === UNREADABLE) {
      counters.unreadable++;
      return UNREADABLE;
    }
    const value = stored.value === ABSENT ? null : (stored.value as T);
    const held = this.#held(value, stored.expiresAt, begin);
    l1.put(key, held, freeze(value), version);
    return held;
  }

  /** As `read`, in one call that is not shared with others; by one for each key where one of them holds no JSON. */
  async readMany(keys: readonly string[]): Promise<(Found<T> | null)[]> {
    const { cache, l1, clock, reads } = this.#core;
    const begin = clock.now();
    const versions = keys.map((key) => l1.versionOf(key));
    const ask = (within: CallOptions) => cache.getEntries(keys, this.#decoder, within);
    try {
      const stored = await reads.run('cache.getMany', ask);
      return stored.map((entry, i) => this.#keep(keys[i]!, entry, begin, versions[i]!));
    } catch (error) {
      if (isUnreadable(error)) return Promise.all(keys.map((key) => this.read(key)));
      throw error;
    }
  }

  /** Takes a value over from its loader: it is frozen. Throws `ValidationError` for what is not a value of the keyspace. */
  taken(value: T | null): Loaded<T> {
    const encoded = value === null ? null : encodeFor(this.#keyspace, value);
    return { value, bytes: freeze(value), encoded };
  }

  /** Stores what was loaded if the key still holds the load's mark. */
  storeLoaded(key: string, token: string, loaded: Loaded<T>): Promise<boolean> {
    return this.#replace(key, loadingMark(token), loaded);
  }

  /** Ends a mark in the place of which nothing is to be stored, if the key still holds it: others may load at once. */
  async endMark(key: string, token: string): Promise<void> {
    const mark = loadingMark(token);
    await this.#setIfUnchanged(key, mark, mark, MOMENT_SECONDS);
  }

  /** Stores what was loaded if the key still holds the value that it is to replace. */
  async storeRefreshed(key: string, old: T, loaded: Loaded<T>): Promise<boolean> {
    const isReplaced = await this.#replace(key, encodeFor(this.#keyspace, old), loaded);
    this.#core.l1.changed([key]);
    return isReplaced;
  }

  async remove(key: string): Promise<void> {
    const { cache, writes } = this.#core;
    await writes.run('cache.delete', (options) => cache.delete(key, options));
  }

  /** Keeps in process what was loaded while the second level did not answer, if the keyspace allows for any staleness. */
  keepUnstored(key: string, { value, bytes }: Loaded<T>, begin: number, version: number): void {
    const { stalenessMs, l1TtlMs, negativeTtlMs } = this.#options;
    const life = Math.min(stalenessMs, l1TtlMs, value === null ? negativeTtlMs : this.ttlSeconds() * 1_000);
    const end = begin + life;
    const held = { value, freshUntil: end, usableUntil: end, refreshAt: end };
    this.#core.l1.put(key, held, bytes, version);
  }

  async #replace(key: string, expected: unknown, { value, encoded }: Loaded<T>): Promise<boolean> {
    if (value !== null) return this.#setIfUnchanged(key, expected, encoded, this.ttlSeconds());
    const { negativeTtlMs } = this.#options;
    if (negativeTtlMs > 0) return this.#setIfUnchanged(key, expected, absentMark, negativeTtlMs / 1_000);
    await this.remove(key);
    return true;
  }

  #setIfUnchanged(key: string, expected: unknown, value: unknown, ttlSeconds: number): Promise<boolean> {
    const { cache, writes } = this.#core;
    return writes.run('cache.setIfUnchanged', (options) =>
      cache.setIfUnchanged(key, expected, value, ttlSeconds, options),
    );
  }

  #held(value: T | null, expiresAt: number, begin: number): Held<T> {
    const { l1TtlMs, stalenessMs, staleWhileRevalidateMs, eagerRefreshAt } = this.#options;
    const freshUntil = value === null ? expiresAt : expiresAt - staleWhileRevalidateMs;
    const early = value === null ? 0 : (1 - eagerRefreshAt) * this.#keyspace.ttlSeconds * 1_000;
    return {
      value,
      freshUntil,
      refreshAt: freshUntil - early,
      usableUntil: Math.min(
        expiresAt,
        begin + l1TtlMs,
        this.#core.l1.isConnected ? Infinity : begin + stalenessMs,
      ),
    };
  }
}

const unreadable = { value: UNREADABLE, expiresAt: 0 } as const;

const isUnreadable = (error: unknown) => isDatabaseError(error) && error.code === 'CACHE' && !error.retryable;
