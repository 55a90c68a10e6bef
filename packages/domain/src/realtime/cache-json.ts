import { CacheError, ValidationError } from '../errors.js';
import type { CacheWrite, Decoder } from '../ports/cache.js';

/** The JSON text of a cache value; throws `ValidationError` for what JSON would drop or change. */
export function encodeCacheValue(value: unknown, operation: string): string {
  try {
    // Far cheaper than to be asked for each member, and by far the most frequent.
    if (isPlain(value)) return JSON.stringify(value);
    return JSON.stringify(value, function (this: Record<string, unknown>, key, item: unknown) {
      const lost = whatJsonLoses(this[key]);
      if (lost === undefined) return item;
      throw new ValidationError('value', `${lost} cannot be kept in JSON`, { operation });
    });
  } catch (error) {
    if (error instanceof ValidationError) throw error;
    throw new ValidationError('value', 'cannot be kept in JSON', { operation });
  }
}

/** Whether JSON surely keeps all of it. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean';
  if (value === null) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isPlain(value[i])) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    return value instanceof Date && !Number.isNaN(value.getTime());
  }
  for (const name in value) if (!isPlain((value as Record<string, unknown>)[name])) return false;
  return true;
}

function whatJsonLoses(item: unknown): string | undefined {
  if (item instanceof Map || item instanceof Set) return item.constructor.name;
  if (item instanceof Date && Number.isNaN(item.getTime())) return 'invalid Date';
  if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
  return ['undefined', 'bigint', 'function', 'symbol'].includes(typeof item) ? typeof item : undefined;
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
  const ms = Math.max(1, Math.round(ttlSeconds * 1000));
  if (ttlSeconds > 0 && Number.isSafeInteger(ms)) return ms;
  throw new ValidationError('ttlSeconds', 'must be a number above 0', { operation });
}

/** What is stored for a value: checked, as JSON text, its life in milliseconds. */
export function encodeCacheWrite({ key, value, ttlSeconds }: CacheWrite, operation: string): StoredText {
  requireKey(key, operation);
  return { key, text: encodeCacheValue(value, operation), ttlMs: requireTtlMs(ttlSeconds, operation) };
}

/** The same for many. */
export function encodeCacheWrites(entries: readonly CacheWrite[], operation: string): StoredText[] {
  if (!Array.isArray(entries)) throw new ValidationError('entries', 'must be a list', { operation });
  return entries.map((entry: CacheWrite) => encodeCacheWrite(entry, operation));
}

/** Throws `ValidationError` for what is no key. */
export function requireKey(key: string, operation: string): void {
  if (typeof key !== 'string') throw new ValidationError('key', 'must be a string', { operation });
}

/** The same for what is no list of keys. */
export function requireKeys(keys: readonly string[], operation: string): void {
  if (Array.isArray(keys) && keys.every((key) => typeof key === 'string')) return;
  throw new ValidationError('keys', 'must be a list of strings', { operation });
}

export interface StoredText {
  readonly key: string;
  readonly text: string;
  readonly ttlMs: number;
}
