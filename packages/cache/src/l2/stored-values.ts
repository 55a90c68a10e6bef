import { randomUUID } from 'node:crypto';
import type { CallOptions, Decoder, Keyspace } from '@quantumtrade/dal-domain';
import { encodeFor, isDatabaseError } from '@quantumtrade/dal-domain';
import type { CacheCore } from '../core.js';
import type { Held } from '../l1/coherent-l1.js';
import { freeze } from '../l1/freeze.js';
import type { KeyspaceOptions } from '../options.js';
import type { Marked } from './marks.js';
import { ABSENT, absentMark, Loading, loadingMark, UNREADABLE, withMarks } from './marks.js';

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
  read(key: string, options?: CallOptions): Promise<Held<T> | Loading | typeof UNREADABLE | null> {
    return this.#core.reading.join(key, options, () => this.#read(key), this.#core.l1.isConnected);
  }

  async #read(key: string): Promise<Held<T> | Loading | typeof UNREADABLE | null> {
    const { cache, l1, clock, reads, counters } = this.#core;
    const begin = clock.now();
    const version = l1.versionOf(key);
    const entry = await reads
      .run('cache.get', (options) => cache.getEntry(key, this.#decoder, options))
      .catch((error: unknown) => {
        if (isDatabaseError(error) && error.code === 'CACHE' && !error.retryable) return unreadable;
        throw error;
      });
    if (entry === null || entry.value instanceof Loading) return entry && (entry.value as Loading);
    if (entry.value === UNREADABLE) {
      counters.unreadable++;
      return UNREADABLE;
    }
    const value = entry.value === ABSENT ? null : (entry.value as T);
    const held = this.#held(value, entry.expiresAt, begin);
    l1.put(key, held, freeze(value), version);
    return held;
  }

  /** Values of the second level, which are not kept in process: nothing is known of their end. */
  async readMany(keys: readonly string[]): Promise<(T | null)[]> {
    const { cache, reads } = this.#core;
    const stored = await reads.run('cache.getMany', (options) => cache.getMany(keys, this.#decoder, options));
    return stored.map((value) => (isValue(value) ? value : null));
  }

  /** Has an absent key hold the mark of a new load; undefined when it is no longer absent. */
  async mark(key: string): Promise<string | undefined> {
    const token = `${this.#core.marksOf}${randomUUID()}`;
    const life = this.#options.loadTimeoutMs / 1_000;
    return (await this.#setIfUnchanged(key, undefined, loadingMark(token), life)) ? token : undefined;
  }

  /** Stores what was loaded if the key still holds the load's mark. */
  storeLoaded(key: string, token: string, value: T | null): Promise<boolean> {
    return this.#replace(key, loadingMark(token), value);
  }

  /** Stores what was loaded if the key still holds the value that it is to replace. */
  async storeRefreshed(key: string, old: Held<T>, value: T | null): Promise<boolean> {
    const expected = old.value === null ? absentMark : encodeFor(this.#keyspace, old.value);
    const isReplaced = await this.#replace(key, expected, value);
    this.#core.l1.changed([key]);
    return isReplaced;
  }

  /** Throws `ValidationError` for what is not a value of the keyspace. */
  requireStorable(value: T | null): void {
    if (value !== null) encodeFor(this.#keyspace, value);
  }

  async remove(key: string): Promise<void> {
    const { cache, writes } = this.#core;
    await writes.run('cache.delete', (options) => cache.delete(key, options));
  }

  /** Keeps in process what was loaded while the second level did not answer, if the keyspace allows for any staleness. */
  keepUnstored(key: string, value: T | null, begin: number, version: number): void {
    const { stalenessMs, l1TtlMs, negativeTtlMs } = this.#options;
    const life = Math.min(stalenessMs, l1TtlMs, value === null ? negativeTtlMs : this.ttlSeconds() * 1_000);
    const end = begin + life;
    const held = { value, freshUntil: end, usableUntil: end, refreshAt: end };
    this.#core.l1.put(key, held, freeze(value), version);
  }

  async #replace(key: string, expected: unknown, value: T | null): Promise<boolean> {
    if (value !== null) {
      return this.#setIfUnchanged(key, expected, encodeFor(this.#keyspace, value), this.ttlSeconds());
    }
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

function isValue<T>(stored: Marked<T> | null): stored is T {
  return stored !== null && stored !== ABSENT && stored !== UNREADABLE && !(stored instanceof Loading);
}
