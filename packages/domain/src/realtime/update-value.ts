import { CacheError, isDatabaseError } from '../errors.js';
import type { Keyspace } from '../keyspaces/keyspace.js';
import type { CacheEntry, Decoder } from '../ports/cache.js';
import { anyValue } from '../ports/cache.js';
import { encodeFor } from './cache-value.js';

/** Returns the new value from the current one, null for none; undefined leaves it unchanged. It may be called repeatedly. */
export type Change<T> = (value: T | null) => T | undefined;

/** Cache calls of an update, for one key. */
export interface UpdateCalls {
  read(decoder: Decoder<unknown>): Promise<CacheEntry<unknown> | null>;
  /** Sets the value like `Cache.setIfUnchanged`. */
  replace(expected: unknown, value: unknown, ttlSeconds: number): Promise<boolean>;
  remove(): Promise<unknown>;
}

/** Maximum number of attempts. Each failed attempt means that another writer succeeded. */
const MOST_ATTEMPTS = 1_000;

/**
 * Replaces a value atomically: when another writer comes between, the change is computed again. A stored text that is no
 * value of the keyspace counts as absent. Throws `CacheError` after too many attempts.
 */
export async function updateValue<P extends string, T>(
  keyspace: Keyspace<P, T>,
  change: Change<T>,
  { read, replace, remove }: UpdateCalls,
): Promise<void> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const entry = await read(anyValue).catch(async (error: unknown) => {
      if (!isUnreadable(error)) throw error;
      await remove();
      return null;
    });
    const before = entry && keyspace.codec.safeParse(entry.value);
    const after = change(before?.success ? before.data : null);
    if (after === undefined) return;
    if (await replace(entry?.value, encodeFor(keyspace, after), keyspace.ttlSeconds)) return;
  }
  throw new CacheError('others kept changing the value', { operation: keyspace.pattern });
}

const isUnreadable = (error: unknown) => isDatabaseError(error) && error.code === 'CACHE' && !error.retryable;
