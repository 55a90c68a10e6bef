import { EventEmitter } from 'node:events';
import type { Cache, TimeSource } from '@quantumtrade/dal-domain';
import {
  keysOf,
  requireKnownKeys,
  requireObject,
  requireUnreserved,
  systemClock,
  ValidationError,
} from '@quantumtrade/dal-domain';
import type { KeyvEntry, KeyvStoreAdapter } from 'keyv';
import { currentGeneration, textDecoder } from './generation.js';

export interface KeyvStoreOptions {
  /**
   * Longest time to live of a value (whole milliseconds). A value set for longer, or without a ttl, expires then. Required, because every
   * cached value must expire.
   */
  readonly maxTtlMs: number;
  /** First part of every key in the cache; `session` and `auth` are reserved. @default 'keyv' */
  readonly prefix?: string;
  /** Clock of the cache. @default the system's clock */
  readonly clock?: TimeSource;
}

const OPEN = 'keyv.open';
const OPTIONS = keysOf<KeyvStoreOptions>({ maxTtlMs: true, prefix: true, clock: true });

/**
 * Storage adapter that keeps the values of Keyv, and of libraries built on Keyv, in a cache. Each store belongs to one Keyv, which
 * sets its namespace. Any number of stores, also in several processes, may share a cache.
 *
 * A failed call rejects with the cache's error. A failed `get` also emits an `error` event, which Keyv passes on: Keyv silently
 * treats the rejection as a miss.
 */
export class KeyvStore extends EventEmitter implements KeyvStoreAdapter {
  /** Required by Keyv's interface; unused. */
  opts: Record<string, unknown> = {};
  /** Namespace of the keys. Keyv sets it. */
  namespace: string | undefined;
  readonly #cache: Cache;
  readonly #clock: TimeSource;
  readonly #prefix: string;
  readonly #maxTtlMs: number;

  constructor(cache: Cache, options: KeyvStoreOptions) {
    super();
    requireKnownKeys(requireObject('options', options, OPEN), OPTIONS, OPEN);
    const { maxTtlMs, prefix = 'keyv', clock = systemClock } = options;
    if (!Number.isSafeInteger(maxTtlMs) || maxTtlMs <= 0) {
      throw new ValidationError('maxTtlMs', 'must be a whole number above 0', { operation: OPEN });
    }
    if (typeof prefix !== 'string')
      throw new ValidationError('prefix', 'must be a string', { operation: OPEN });
    requireUnreserved(`${prefix}:`, OPEN);
    this.#cache = cache;
    this.#clock = clock;
    this.#prefix = prefix;
    this.#maxTtlMs = maxTtlMs;
  }

  async get<Value>(key: string): Promise<Value | undefined> {
    try {
      const [value] = await this.#read([key]);
      return value as Value | undefined;
    } catch (error) {
      this.emit('error', error);
      throw error;
    }
  }

  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    return (await this.#read(keys)) as (Value | undefined)[];
  }

  async has(key: string): Promise<boolean> {
    return (await this.#read([key]))[0] !== undefined;
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    return (await this.#read(keys)).map((value) => value !== undefined);
  }

  /** Stores the text that Keyv's serializer made, for `ttl` milliseconds; without `ttl`, or with 0, for `maxTtlMs`. */
  async set(key: string, value: unknown, ttl?: number): Promise<void> {
    await this.setMany([{ key, value, ttl }]);
  }

  async setMany(entries: KeyvEntry[]): Promise<void> {
    if (entries.length === 0) return;
    for (const { value } of entries) {
      if (typeof value === 'string') continue;
      throw new ValidationError('value', 'must be a string: Keyv needs a serializer', {
        operation: 'keyv.set',
      });
    }
    const unmarked = entries.map(({ key, value, ttl }) => ({
      key: this.#valueKey(key),
      value,
      ttlSeconds: Math.min(ttl || this.#maxTtlMs, this.#maxTtlMs) / 1_000,
    }));
    const generation = await currentGeneration(
      this.#cache,
      this.#clock,
      this.#generationKey(),
      this.#maxTtlMs,
    );
    await this.#cache.setMany(unmarked.map((write) => ({ ...write, value: `${generation}:${write.value}` })));
  }

  /** Deletes a value. Returns whether there was one. */
  async delete(key: string): Promise<boolean> {
    return this.deleteMany([key]);
  }

  /** Deletes values. Returns whether any of the keys had one. */
  async deleteMany(keys: string[]): Promise<boolean> {
    const stored = keys.map((key) => this.#valueKey(key));
    const found = await this.hasMany(keys);
    const deleted = await this.#cache.deleteMany(stored);
    return deleted > 0 && found.includes(true);
  }

  /**
   * Hides every value of the namespace from all processes at once. The values keep their memory until they are overwritten or
   * expire.
   */
  async clear(): Promise<void> {
    await this.#cache.delete(this.#generationKey());
  }

  /** Reads values together with the current generation, and returns those marked with it. */
  async #read(keys: readonly string[]): Promise<(string | undefined)[]> {
    const wanted = [this.#generationKey(), ...keys.map((key) => this.#valueKey(key))];
    const [generation, ...values] = await this.#cache.getMany(wanted, textDecoder);
    if (generation == null) return values.map(() => undefined);
    const mark = `${generation}:`;
    return values.map((value) => (value?.startsWith(mark) ? value.slice(mark.length) : undefined));
  }

  #generationKey(): string {
    return `${this.#namespacePrefix()}:generation`;
  }

  #valueKey(key: string): string {
    return `${this.#namespacePrefix()}:value:${key}`;
  }

  /** Returns the escaped namespace, so that no namespace is a prefix of another one's keys. */
  #namespacePrefix(): string {
    return `${this.#prefix}:${(this.namespace ?? '').replace(/[%:]/g, encodeURIComponent)}`;
  }
}
