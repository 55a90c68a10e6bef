import type { KeyParts } from '../keyspaces/keys.js';
import { keyOf } from '../keyspaces/keys.js';
import type { Keyspace } from '../keyspaces/keyspace.js';
import type { Cache } from '../ports/cache.js';
import type { CallOptions } from '../ports/call.js';
import { encodeFor } from './cache-value.js';
import type { Change } from './update-value.js';
import { updateValue } from './update-value.js';

/** The values of one keyspace: they go in and come out typed and checked, and live as long as the keyspace says. */
export interface KeyspaceValues<P extends string, T> {
  /** The value, or null when there is none or its time is over. It may be shared with other readers, and frozen. */
  get(parts: KeyParts<P>, options?: CallOptions): Promise<T | null>;
  set(parts: KeyParts<P>, value: T, options?: CallOptions): Promise<void>;
  /** As `Cache.setIfNewer`; the value has a `timestamp`. */
  setIfNewer(parts: KeyParts<P>, value: T & { timestamp: Date }, options?: CallOptions): Promise<boolean>;
  /** As {@link updateValue}. */
  update(parts: KeyParts<P>, change: Change<T>, options?: CallOptions): Promise<void>;
  /** True when there was a value. */
  delete(parts: KeyParts<P>, options?: CallOptions): Promise<boolean>;
}

/** Gives the values of any keyspace, from wherever they are kept. */
export type OpenKeyspace = <P extends string, T>(keyspace: Keyspace<P, T>) => KeyspaceValues<P, T>;

/** Keyspaces over any cache, which is asked each time. */
export const typedKeyspaces =
  (cache: Cache): OpenKeyspace =>
  (keyspace) =>
    new TypedKeyspace(cache, keyspace);

/** One keyspace over a cache, which is asked each time. */
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

  /** As `Cache.replaceIfNewer`; the value has a `timestamp`. */
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
