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
import { currentGeneration, text } from './generation.js';

export interface KeyvStoreOptions {
  /**
   * How long a value lives at most, in whole milliseconds: one that is set for longer, or without a ttl, ends then. Every
   * value of the cache has an end, and no default would be right for all, so it has to be chosen.
   */
  readonly maxTtlMs: number;
  /** What every key in the cache begins with; neither `session` nor `auth`. Default is `keyv`. */
  readonly prefix?: string;
  /** The clock that the cache goes by. Default is the system's. */
  readonly clock?: TimeSource;
}

const OPEN = 'keyv.open';
const OPTIONS = keysOf<KeyvStoreOptions>({ maxTtlMs: true, prefix: true, clock: true });

/**
 * Lets Keyv, and what is built on it, keep its values in a cache. One store belongs to one Keyv, which sets its namespace;
 * any number of stores may share a cache, in one process or many.
 *
 * A failure rejects the call with the cache's error. The one of `get`, which Keyv takes for a miss without a word, is also
 * told as an `error` event; Keyv passes it on.
 */
export class KeyvStore extends EventEmitter implements KeyvStoreAdapter {
  /** Keyv's own; nothing here depends on it. */
  opts: Record<string, unknown> = {};
  /** Whose keys are meant. Keyv sets it. */
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

  /** Stores text, which Keyv's serializer makes of any value, for `ttl` milliseconds; without one, or with 0, for the most. */
  async set(key: string, value: unknown, ttl?: number): Promise<void> {
    await this.setMany([{ key, value, ttl }]);
  }

  async setMany(entries: KeyvEntry[]): Promise<void> {
    if (entries.length === 0) return;
    for (const { value } of entries) {
      if (typeof value === 'string') continue;
      throw new ValidationError('value', 'must be text: Keyv needs a serializer', { operation: 'keyv.set' });
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

  /** True when there was a value. */
  async delete(key: string): Promise<boolean> {
    return this.deleteMany([key]);
  }

  /** True when any of the keys had a value. */
  async deleteMany(keys: string[]): Promise<boolean> {
    const stored = keys.map((key) => this.#valueKey(key));
    const found = await this.hasMany(keys);
    const deleted = await this.#cache.deleteMany(stored);
    return deleted > 0 && found.includes(true);
  }

  /**
   * Removes every value of the namespace from sight, for all processes at once and however many there are. Their memory
   * is given back as they are overwritten or reach their end.
   */
  async clear(): Promise<void> {
    await this.#cache.delete(this.#generationKey());
  }

  /** The values that belong to the generation, which is read together with them. */
  async #read(keys: readonly string[]): Promise<(string | undefined)[]> {
    const wanted = [this.#generationKey(), ...keys.map((key) => this.#valueKey(key))];
    const [generation, ...values] = await this.#cache.getMany(wanted, text);
    if (generation == null) return values.map(() => undefined);
    const mark = `${generation}:`;
    return values.map((value) => (value?.startsWith(mark) ? value.slice(mark.length) : undefined));
  }

  #generationKey(): string {
    return `${this.#namespaceKey()}:generation`;
  }

  #valueKey(key: string): string {
    return `${this.#namespaceKey()}:value:${key}`;
  }

  /** Escaped, so that no namespace is the beginning of another one's keys. */
  #namespaceKey(): string {
    return `${this.#prefix}:${(this.namespace ?? '').replace(/[%:]/g, encodeURIComponent)}`;
  }
}
