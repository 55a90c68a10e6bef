import type {
  Cache,
  CacheEntry,
  CacheWrite,
  CallOptions,
  Decoder,
  KeyParts,
  SetIfUnchangedOptions,
} from '@quantumtrade/dal-domain';
import {
  decodeCacheValue,
  encodeCacheValue,
  encodeCacheWrite,
  encodeCacheWrites,
  requireKey,
  requireKeys,
  keysWhere,
  requireTimestamp,
  requireTtlMs,
  splitNotify,
  timestampOf,
} from '@quantumtrade/dal-domain';
import type { ExpiringStore } from './expiring-store.js';

/** The cache port in memory. Values are kept as JSON text, so that no caller shares an object with another. */
export class MemoryCache implements Cache {
  readonly #store: ExpiringStore;

  constructor(store: ExpiringStore) {
    this.#store = store;
  }

  async get<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<T | null> {
    requireKey(key, 'cache.get');
    this.#store.enter(options, 'cache.get');
    const text = this.#store.read(key, 'text', 'cache.get');
    return text === undefined ? null : decodeCacheValue(text, decoder, 'cache.get');
  }

  async getEntry<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<CacheEntry<T> | null> {
    requireKey(key, 'cache.getEntry');
    this.#store.enter(options, 'cache.getEntry');
    return this.#entry(key, decoder, 'cache.getEntry');
  }

  async getEntryOrSet<T>(
    key: string,
    decoder: Decoder<T>,
    value: unknown,
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<CacheEntry<T> | null> {
    const operation = 'cache.getEntryOrSet';
    const { text, ttlMs } = encodeCacheWrite({ key, value, ttlSeconds }, operation);
    this.#store.enter(options, operation);
    const entry = this.#entry(key, decoder, operation);
    if (entry === null) this.#store.write(key, { kind: 'text', value: text }, ttlMs);
    return entry;
  }

  async getMany<T>(
    keys: readonly string[],
    decoder: Decoder<T>,
    options?: CallOptions,
  ): Promise<(T | null)[]> {
    requireKeys(keys, 'cache.getMany');
    this.#store.enter(options, 'cache.getMany');
    return keys.map((key) => {
      const text = this.#store.text(key);
      return text === undefined ? null : decodeCacheValue(text, decoder, 'cache.getMany');
    });
  }

  async getEntries<T>(
    keys: readonly string[],
    decoder: Decoder<T>,
    options?: CallOptions,
  ): Promise<(CacheEntry<T> | null)[]> {
    requireKeys(keys, 'cache.getEntries');
    this.#store.enter(options, 'cache.getEntries');
    return keys.map((key) => this.#entry(key, decoder, 'cache.getEntries'));
  }

  async set(key: string, value: unknown, ttlSeconds: number, options?: CallOptions): Promise<void> {
    const { text, ttlMs } = encodeCacheWrite({ key, value, ttlSeconds }, 'cache.set');
    this.#store.enter(options, 'cache.set');
    this.#store.write(key, { kind: 'text', value: text }, ttlMs);
  }

  async setMany(entries: readonly CacheWrite[], options?: CallOptions): Promise<void> {
    const writes = encodeCacheWrites(entries, 'cache.setMany');
    this.#store.enter(options, 'cache.setMany');
    for (const { key, text, ttlMs } of writes) this.#store.write(key, { kind: 'text', value: text }, ttlMs);
  }

  async setIfNewer(
    key: string,
    value: { readonly timestamp: string },
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<boolean> {
    const { text, ttlMs, timestamp } = timed(value, ttlSeconds, 'cache.setIfNewer');
    requireKey(key, 'cache.setIfNewer');
    this.#store.enter(options, 'cache.setIfNewer');
    const stored = this.#storedTimestamp(key, 'cache.setIfNewer');
    if (stored !== undefined && stored > timestamp) return false;
    this.#store.write(key, { kind: 'text', value: text }, ttlMs);
    return true;
  }

  async replaceIfNewer(
    key: string,
    value: { readonly timestamp: string },
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<boolean> {
    const { text, ttlMs, timestamp } = timed(value, ttlSeconds, 'cache.replaceIfNewer');
    requireKey(key, 'cache.replaceIfNewer');
    this.#store.enter(options, 'cache.replaceIfNewer');
    const stored = this.#storedTimestamp(key, 'cache.replaceIfNewer');
    if (!this.#store.has(key) || (stored !== undefined && stored > timestamp)) return false;
    if (stored === undefined || stored === timestamp) {
      this.#store.delete(key);
      return false;
    }
    this.#store.write(key, { kind: 'text', value: text }, ttlMs);
    return true;
  }

  async setIfUnchanged(
    key: string,
    expected: unknown,
    value: unknown,
    ttlSeconds: number,
    options?: SetIfUnchangedOptions,
  ): Promise<boolean> {
    const operation = 'cache.setIfUnchanged';
    const { notify, limits } = splitNotify(options, operation);
    const { text, ttlMs } = encodeCacheWrite({ key, value, ttlSeconds }, operation);
    const before = expected === undefined ? undefined : encodeCacheValue(expected, operation);
    this.#store.enter(limits, operation);
    if (this.#store.read(key, 'text', operation) !== before) return false;
    this.#store.write(key, { kind: 'text', value: text }, ttlMs, notify);
    return true;
  }

  async delete(key: string, options?: CallOptions): Promise<boolean> {
    requireKey(key, 'cache.delete');
    this.#store.enter(options, 'cache.delete');
    return this.#store.delete(key);
  }

  async deleteMany(keys: readonly string[], options?: CallOptions): Promise<number> {
    requireKeys(keys, 'cache.deleteMany');
    this.#store.enter(options, 'cache.deleteMany');
    return keys.filter((key) => this.#store.delete(key)).length;
  }

  async deleteWhere<P extends string>(
    pattern: P,
    parts: Partial<KeyParts<P>>,
    options?: CallOptions,
  ): Promise<number> {
    const { has } = keysWhere(pattern, parts, 'cache.deleteWhere');
    this.#store.enter(options, 'cache.deleteWhere');
    return this.#store.keys().filter((key) => has(key) && this.#store.delete(key)).length;
  }

  async exists(key: string, options?: CallOptions): Promise<boolean> {
    requireKey(key, 'cache.exists');
    this.#store.enter(options, 'cache.exists');
    return this.#store.has(key);
  }

  #entry<T>(key: string, decoder: Decoder<T>, operation: string): CacheEntry<T> | null {
    const text = this.#store.read(key, 'text', operation);
    if (text === undefined) return null;
    return { value: decodeCacheValue(text, decoder, operation), expiresAt: this.#store.expiresAt(key)! };
  }

  #storedTimestamp(key: string, operation: string): number | undefined {
    const text = this.#store.read(key, 'text', operation);
    if (text === undefined) return undefined;
    try {
      return timestampOf(JSON.parse(text));
    } catch {
      return undefined;
    }
  }
}

function timed(value: { readonly timestamp: string }, ttlSeconds: number, operation: string) {
  return {
    text: encodeCacheValue(value, operation),
    ttlMs: requireTtlMs(ttlSeconds, operation),
    timestamp: requireTimestamp(value, operation),
  };
}
