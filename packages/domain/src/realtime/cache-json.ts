import { CacheError, ValidationError } from '../errors.js';
import type { Decoder } from '../ports/cache.js';

/** The JSON text of a cache value; throws `ValidationError` for what JSON would drop or change. */
export function encodeCacheValue(value: unknown, operation: string): string {
  const text = JSON.stringify(value, (key, item: unknown) => {
    const lost =
      typeof item === 'bigint' ||
      typeof item === 'function' ||
      typeof item === 'symbol' ||
      (typeof item === 'number' && !Number.isFinite(item));
    if (!lost) return item;
    throw new ValidationError(key || 'value', `${typeof item} cannot be kept in JSON`, { operation });
  });
  if (text === undefined) throw new ValidationError('value', 'cannot be kept in JSON', { operation });
  return text;
}

/** The checked value of a cached JSON text; throws `CacheError`, which never shows the text. */
export function decodeCacheValue<T>(text: string, decoder: Decoder<T>, operation: string): T {
  try {
    return decoder.parse(JSON.parse(text));
  } catch {
    throw new CacheError('the stored value is not what its schema says', { operation, retryable: false });
  }
}

/** Checks a time to live and gives it in milliseconds. */
export function requireTtlMs(ttlSeconds: number, operation: string): number {
  const ms = Math.round(ttlSeconds * 1000);
  if (Number.isSafeInteger(ms) && ms >= 1) return ms;
  throw new ValidationError('ttlSeconds', 'must be a number above 0', { operation });
}
