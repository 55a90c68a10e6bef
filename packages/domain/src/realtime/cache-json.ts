import { CacheError, ValidationError } from '../errors.js';
import { keysOf, readMembers } from '../arguments.js';
import type { CacheWrite, Decoder } from '../ports/cache.js';
import { lossInJson } from './json-value.js';

/** The JSON text of a cache value; throws `ValidationError` for what JSON would drop or change. */
export function encodeCacheValue(value: unknown, operation: string): string {
  let loss: string | undefined;
  try {
    loss = lossInJson(value);
    if (loss === undefined) return JSON.stringify(value);
  } catch {
    loss = 'a member that cannot be read';
  }
  throw new ValidationError('value', `${loss} cannot be kept in JSON`, { operation });
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
  const ms = typeof ttlSeconds === 'number' && ttlSeconds > 0 ? Math.round(ttlSeconds * 1000) : NaN;
  if (Number.isSafeInteger(ms)) return Math.max(1, ms);
  throw new ValidationError('ttlSeconds', 'must be a number above 0', { operation });
}

/** How many characters a key may have. */
export const MAX_KEY_LENGTH = 4_096;

const WRITE_MEMBERS = keysOf<CacheWrite>({ key: true, value: true, ttlSeconds: true });

/** Checks a write and returns its value as JSON text and its time to live in milliseconds. */
export function encodeCacheWrite({ key, value, ttlSeconds }: CacheWrite, operation: string): StoredText {
  requireKey(key, operation);
  return { key, text: encodeCacheValue(value, operation), ttlMs: requireTtlMs(ttlSeconds, operation) };
}

/** Checks many writes as {@link encodeCacheWrite} does. */
export function encodeCacheWrites(entries: readonly CacheWrite[], operation: string): StoredText[] {
  if (!Array.isArray(entries)) throw new ValidationError('entries', 'must be a list', { operation });
  return Array.from(entries, (entry: CacheWrite) => {
    const write = readMembers('entries', entry, WRITE_MEMBERS, operation);
    return encodeCacheWrite(write as unknown as CacheWrite, operation);
  });
}

/** Throws `ValidationError` for what is no key, and for lone surrogates, which a server takes for one and the same. */
export function requireKey(key: string, operation: string): void {
  if (!isKey(key)) throw new ValidationError('key', refusalOfKey(key), { operation });
}

/** Throws `ValidationError` for a value that is no list of keys. */
export function requireKeys(keys: readonly string[], operation: string): void {
  if (!Array.isArray(keys)) throw new ValidationError('keys', 'must be a list of strings', { operation });
  for (let i = 0; i < keys.length; i++) {
    if (!isKey(keys[i])) throw new ValidationError('keys', `each ${refusalOfKey(keys[i])}`, { operation });
  }
}

const isKey = (key: unknown): key is string =>
  typeof key === 'string' && key.length <= MAX_KEY_LENGTH && key.isWellFormed();

function refusalOfKey(key: unknown): string {
  if (typeof key !== 'string') return 'must be a string';
  const isLong = key.length > MAX_KEY_LENGTH;
  return isLong ? `must have at most ${MAX_KEY_LENGTH} characters` : 'must be well-formed Unicode';
}

export interface StoredText {
  readonly key: string;
  readonly text: string;
  readonly ttlMs: number;
}
