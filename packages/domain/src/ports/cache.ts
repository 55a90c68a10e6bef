import type { KeyParts } from '../keyspaces/keys.js';
import type { CallOptions } from './call.js';

/** Validates and types a cached value. Every zod schema is a decoder. */
export interface Decoder<T> {
  parse(value: unknown): T;
}

/** Decoder that accepts every value. */
export const anyValue: Decoder<unknown> = { parse: (value) => value };

/**
 * A value and its expiry in epoch milliseconds by the clock of this process. The expiry may
 * be early by the duration of the call, never late; `Infinity` for a value that another writer stored without expiry.
 */
export interface CacheEntry<T> {
  readonly value: T;
  readonly expiresAt: number;
}

/** One value to store. */
export interface CacheWrite {
  readonly key: string;
  readonly value: unknown;
  readonly ttlSeconds: number;
}

/** Options of {@link Cache.setIfUnchanged}. */
export interface SetIfUnchangedOptions extends CallOptions {
  /** Whether listeners of `CacheInvalidations` must be notified. With false, they may still be. @default true */
  readonly notify?: boolean;
}

/** Error reason for a key that holds no JSON value, such as a market stream. */
export const WRONG_TYPE = 'the key holds a value of another type (WRONGTYPE)';

/**
 * JSON values by key, each with a time to live. A key has at most 4,096 characters and is well-formed Unicode; any other is
 * refused with `ValidationError`.
 */
export interface Cache {
  /**
   * Returns the value, or null when it is absent or expired.
   * Throws `CacheError` when the stored text is not JSON, the decoder throws, or the key holds another type.
   */
  get<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<T | null>;

  /** Returns the value with the instant at which it expires, for a copy that must not live longer. */
  getEntry<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<CacheEntry<T> | null>;

  /**
   * Returns the entry like `getEntry`. If the key is absent, stores `value` for `ttlSeconds` and returns null.
   * Atomic: of concurrent calls, one stores its value and the others return it.
   */
  getEntryOrSet<T>(
    key: string,
    decoder: Decoder<T>,
    value: unknown,
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<CacheEntry<T> | null>;

  /**
   * Returns the values of many keys in the order of the keys, null for absent ones. They are not a snapshot: writes may
   * come between. Throws `CacheError` like `get` when any value is invalid, but a key that holds another
   * type counts as absent.
   */
  getMany<T>(keys: readonly string[], decoder: Decoder<T>, options?: CallOptions): Promise<(T | null)[]>;

  /** Returns the values as `getMany` does, each with the instant at which it expires. */
  getEntries<T>(
    keys: readonly string[],
    decoder: Decoder<T>,
    options?: CallOptions,
  ): Promise<(CacheEntry<T> | null)[]>;

  /**
   * Stores a value as JSON for `ttlSeconds` (more than 0; fractions count).
   * Throws `ValidationError` for a value that JSON would drop or change (undefined, a function, a bigint, NaN, -0, a `Date`, a
   * `Map`, an instance of any class, a hole, a symbol), for one nested more than 100 levels deep and for one that is larger
   * than about 64 MiB. So do all methods that store one. The text of a `JsonText` is stored as it is.
   */
  set(key: string, value: unknown, ttlSeconds: number, options?: CallOptions): Promise<void>;

  /**
   * Sets the value unless the key holds one with a later `timestamp` (ISO 8601 in UTC). Atomic. Returns whether it was set.
   * A stored value without a timestamp is replaced.
   */
  setIfNewer(
    key: string,
    value: { readonly timestamp: string },
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<boolean>;

  /**
   * Updates a cached latest value after a write to the database. Atomic. The stored value is replaced when its
   * `timestamp` is earlier than the new value's, kept when it is later, and deleted when it is equal or missing:
   * then only the database can decide which of the two is the latest. An absent key stays absent. Returns whether it was replaced.
   */
  replaceIfNewer(
    key: string,
    value: { readonly timestamp: string },
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<boolean>;

  /**
   * Sets the value if the key holds exactly `expected`, compared as JSON text; undefined means absent. Atomic. Returns
   * whether it was set: then the value did not change since `expected` was read, unless it was restored.
   */
  setIfUnchanged(
    key: string,
    expected: unknown,
    value: unknown,
    ttlSeconds: number,
    options?: SetIfUnchangedOptions,
  ): Promise<boolean>;

  /**
   * Stores many values like `set`; the last of those with one key wins. All are checked before any is stored;
   * a failure of the store may leave some stored.
   */
  setMany(entries: readonly CacheWrite[], options?: CallOptions): Promise<void>;

  /** Deletes many values and returns how many existed. */
  deleteMany(keys: readonly string[], options?: CallOptions): Promise<number>;

  /**
   * Deletes every value whose key matches this pattern (see `keyOf`) and has these parts, any or none of the pattern's: with
   * `features:{symbol}:{featureName}` and `{ symbol: 'AAPL' }` all single features of AAPL, but not `features:AAPL:latest`.
   * Returns how many were deleted. Values stored before the call are gone when it resolves; values written meanwhile may stay
   * or go. The call scans every key of the store, so use it rarely. A failure may leave some values deleted.
   * Throws `ValidationError` for a part that the pattern does not have and for one that is no string.
   */
  deleteWhere<P extends string>(
    pattern: P,
    parts: Partial<KeyParts<P>>,
    options?: CallOptions,
  ): Promise<number>;

  /** Deletes a value and returns whether it existed. */
  delete(key: string, options?: CallOptions): Promise<boolean>;

  exists(key: string, options?: CallOptions): Promise<boolean>;
}
