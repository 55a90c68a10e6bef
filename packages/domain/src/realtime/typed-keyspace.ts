import type { KeyParts } from '../keyspaces/keys.js';
import { keyOf } from '../keyspaces/keys.js';
import type { Keyspace } from '../keyspaces/keyspace.js';
import type { Cache } from '../ports/cache.js';
import type { CallOptions } from '../ports/call.js';
import { encodeFor } from './cache-value.js';
import type { Change } from './update-value.js';
import { updateValue } from './update-value.js';

/** Typed and checked values of one keyspace, with its time to live. */
export interface KeyspaceValues<P extends string, T> {
  /** Returns the value, or null when it is absent or expired. It may be shared with other readers, and frozen. */
  get(parts: KeyParts<P>, options?: CallOptions): Promise<T | null>;
  set(parts: KeyParts<P>, value: T, options?: CallOptions): Promise<void>;
  /** Sets a value with a `timestamp` like `Cache.setIfNewer`. */
  setIfNewer(parts: KeyParts<P>, value: T & { timestamp: Date }, options?: CallOptions): Promise<boolean>;
  /** Updates a value like {@link updateValue}. */
  update(parts: KeyParts<P>, change: Change<T>, options?: CallOptions): Promise<void>;
  /** Deletes a value and returns whether it existed. */
  delete(parts: KeyParts<P>, options?: CallOptions): Promise<boolean>;
}

/** Opens the values of any keyspace. */
export type OpenKeyspace = <P extends string, T>(keyspace: Keyspace<P, T>) => KeyspaceValues<P, T>;

/** Creates keyspaces over a cache; each read calls the cache. */
export const typedKeyspaces =
  (cache: Cache): OpenKeyspace =>
  (keyspace) =>
    new TypedKeyspace(cache, keyspace);

/** One keyspace over a cache; each read calls the cache. */
export class TypedKeyspace<P extends string, T> implements KeyspaceValues<P, T> {
  readonly #cache: Cache;
  readonly #keyspace: Keyspace<P, T>;

  constructor(cache: Cache, keyspace: Keyspace<P, T>) {
    this.#cache = cache;
    this.#keyspace = keyspace;
  }

  async get(parts: KeyParts<P>, options?: CallOptions): Promise<T | null> {
    return this.#cache.get(this.#key(parts), this.#keyspace.codec, options);
  }

  async set(parts: KeyParts<P>, value: T, options?: CallOptions): Promise<void> {
    await this.#cache.set(
      this.#key(parts),
      encodeFor(this.#keyspace, value),
      this.#keyspace.ttlSeconds,
      options,
    );
  }

  async setIfNewer(
    parts: KeyParts<P>,
    value: T & { timestamp: Date },
    options?: CallOptions,
  ): Promise<boolean> {
    return this.#cache.setIfNewer(
      this.#key(parts),
      this.#encodeTimed(value),
      this.#keyspace.ttlSeconds,
      options,
    );
  }

  /** Replaces a value with a `timestamp` like `Cache.replaceIfNewer`. */
  async replaceIfNewer(
    parts: KeyParts<P>,
    value: T & { timestamp: Date },
    options?: CallOptions,
  ): Promise<boolean> {
    return this.#cache.replaceIfNewer(
      this.#key(parts),
      this.#encodeTimed(value),
      this.#keyspace.ttlSeconds,
      options,
    );
  }

  async update(parts: KeyParts<P>, change: Change<T>, options?: CallOptions): Promise<void> {
    const key = this.#key(parts);
    const cache = this.#cache;
    await updateValue(this.#keyspace, change, {
      read: (decoder) => cache.getEntry(key, decoder, options),
      replace: (expected, value, ttl) => cache.setIfUnchanged(key, expected, value, ttl, options),
      remove: () => cache.delete(key, options),
    });
  }

  async delete(parts: KeyParts<P>, options?: CallOptions): Promise<boolean> {
    return this.#cache.delete(this.#key(parts), options);
  }

  #key(parts: KeyParts<P>): string {
    return keyOf(this.#keyspace.pattern, parts);
  }

  #encodeTimed(value: T): { timestamp: string } {
    return encodeFor(this.#keyspace, value) as { timestamp: string };
  }
}
