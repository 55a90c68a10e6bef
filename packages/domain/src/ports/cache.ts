import { ValidationError } from '../errors.js';
import type { KeyParts } from '../keyspaces/keys.js';
import type { CallOptions } from './call.js';

/** Checks and types a value that comes out of the cache. Every zod schema is one. */
export interface Decoder<T> {
  parse(value: unknown): T;
}

/** Decoder that accepts every value. */
export const anyValue: Decoder<unknown> = { parse: (value) => value };

/**
 * A value and the instant (epoch milliseconds, by the clock of this process) at which its time is over. The instant may
 * be early by what the answer took, never late; `Infinity` for a value that another writer has stored without an end.
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
  /** With false, listeners of `CacheInvalidations` need not be notified; they may be. @default true */
  readonly notify?: boolean;
}

/** Splits the options of a `setIfUnchanged` call into its limits and whether listeners are notified. */
export function splitNotify(
  options: SetIfUnchangedOptions | undefined,
  operation: string,
): { readonly notify: boolean; readonly limits: CallOptions | undefined } {
  if (!hasNotify(options)) return { notify: true, limits: options };
  const { notify = true, ...limits } = options;
  if (typeof notify === 'boolean') return { notify, limits };
  throw new ValidationError('notify', 'must be true or false', { operation });
}

/** Options that cannot be read have none: the check of the limits refuses them. */
function hasNotify(options: SetIfUnchangedOptions | undefined): options is SetIfUnchangedOptions {
  try {
    return typeof options === 'object' && options !== null && Object.hasOwn(options, 'notify');
  } catch {
    return false;
  }
}

/** Why a call fails that meets a key under which something else than a JSON value is kept, such as a market stream. */
export const WRONG_TYPE = 'the key holds a value of another type (WRONGTYPE)';

/**
 * JSON values by key, each with a time to live. A key has at most 4,096 characters and is well-formed Unicode; any other is
 * refused with `ValidationError`.
 */
export interface Cache {
  /**
   * The value, or null when there is none or its time is over.
   * Throws `CacheError` when what is stored is not JSON or the decoder refuses it, and when the key holds another type.
   */
  get<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<T | null>;

  /** Returns the value with the instant at which it expires, for a copy that must not live longer. */
  getEntry<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<CacheEntry<T> | null>;

  /**
   * The value, as `getEntry` gives it. Where there is none, null, and the key holds `value` for `ttlSeconds` from now on.
   * Atomic: of many who ask at once, one sets its value and the others get it.
   */
  getEntryOrSet<T>(
    key: string,
    decoder: Decoder<T>,
    value: unknown,
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<CacheEntry<T> | null>;

  /**
   * The values of many keys in the order of the keys, null for each that has none. They are not a snapshot: writes may
   * come between. Throws `CacheError`, as `get` does, when any of them is not what it should be; but a key that holds another
   * type has no value here.
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
   * than about 64 MiB. So do all methods that store one.
   */
  set(key: string, value: unknown, ttlSeconds: number, options?: CallOptions): Promise<void>;

  /**
   * Sets the value unless the key holds one whose `timestamp` (ISO 8601 in UTC) is later. Atomic. True when set.
   * A stored value without a timestamp is replaced.
   */
  setIfNewer(
    key: string,
    value: { readonly timestamp: string },
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<boolean>;

  /**
   * Keeps a cached latest value in step with a write to the database. Atomic. What the key holds is replaced when its
   * `timestamp` is earlier than the new value's, kept when it is later, and deleted when it is the same or there is none:
   * only the database can decide then which of the two is the latest. An absent key stays absent. True when replaced.
   */
  replaceIfNewer(
    key: string,
    value: { readonly timestamp: string },
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<boolean>;

  /**
   * Sets the value if the key holds exactly `expected`, compared as JSON text; undefined stands for no value. Atomic. True
   * when set: then nobody wrote or deleted the value between who found `expected` and this call, unless to put it back.
   */
  setIfUnchanged(
    key: string,
    expected: unknown,
    value: unknown,
    ttlSeconds: number,
    options?: SetIfUnchangedOptions,
  ): Promise<boolean>;

  /**
   * Stores many values, each as `set` would; of those with one key the last stays. All are checked before any is stored;
   * a failure of the store may leave some stored.
   */
  setMany(entries: readonly CacheWrite[], options?: CallOptions): Promise<void>;

  /** Deletes many values; how many there were. */
  deleteMany(keys: readonly string[], options?: CallOptions): Promise<number>;

  /**
   * Deletes every value whose key is of this pattern (see `keyOf`) and has these parts, any or none of the pattern's: with
   * `features:{symbol}:{featureName}` and `{ symbol: 'AAPL' }` all single features of AAPL, but not `features:AAPL:latest`.
   * How many there were. What was there when the call began is gone when it resolves; what is written meanwhile may stay
   * or go. It looks at every key of the store, so it is for what happens now and then. A failure may leave some deleted.
   * Throws `ValidationError` for a part that the pattern does not have or that is no string.
   */
  deleteWhere<P extends string>(
    pattern: P,
    parts: Partial<KeyParts<P>>,
    options?: CallOptions,
  ): Promise<number>;

  /** True when there was a value. */
  delete(key: string, options?: CallOptions): Promise<boolean>;

  exists(key: string, options?: CallOptions): Promise<boolean>;
}
