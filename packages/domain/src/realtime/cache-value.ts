import { z } from 'zod';
import { keysOf, readMember, readMembers } from '../arguments.js';
import { CacheError, ValidationError } from '../errors.js';
import type { Keyspace } from '../keyspaces/keyspace.js';
import type { CacheWrite, Decoder, SetIfUnchangedOptions } from '../ports/cache.js';
import type { CallOptions } from '../ports/call.js';

/** Codec of a keyspace, and the pattern that names it in errors. */
type Form<T> = Pick<Keyspace<string, T>, 'pattern' | 'codec' | 'encodesJson' | 'textOfUsual'>;

/** Checked JSON text of a cache value. Cache ports store the text as it is. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Returns the value, for a cache port that makes its own text. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/**
 * Returns a value in the JSON form that its keyspace stores. Throws `ValidationError` when it is not a value of the keyspace, or
 * reading a member throws.
 */
export function encodeFor<T>({ pattern, codec }: Form<T>, value: T): unknown {
  let issue: z.core.$ZodIssue | undefined;
  try {
    const encoded = z.safeEncode(codec, value);
    if (encoded.success) return encoded.data;
    issue = encoded.error.issues[0];
  } catch {
    // Without an issue, the error says that a member cannot be read.
  }
  const field = issue?.path.join('.') || 'value';
  throw new ValidationError(field, issue?.message ?? 'has a member that cannot be read', {
    operation: pattern,
  });
}

/** Returns what {@link encodeFor} does, as text where the codec encodes to plain JSON. */
export function encodeTextFor<T>(keyspace: Form<T>, value: T): unknown {
  try {
    const text = keyspace.textOfUsual?.(value);
    if (text !== undefined) return new JsonText(text);
  } catch {
    // The codec refuses a value with a member that cannot be read.
  }
  const encoded = encodeFor(keyspace, value);
  return keyspace.encodesJson ? new JsonText(JSON.stringify(encoded)) : encoded;
}

/** Returns the part of a key that a value gives; undefined when it has none, which is refused with the key. */
export function partOf(value: unknown, name: string): string {
  return readMember((value ?? {}) as object, name, `realtime.${name}`) as string;
}

/** Returns the JSON text of a cache value; throws `ValidationError` for a value that JSON would drop or change. */
export function encodeCacheValue(value: unknown, operation: string): string {
  let loss: string | undefined;
  try {
    if (value instanceof JsonText && value.text.length <= MAX_JSON_SIZE) return value.text;
    loss = lossInJson(value);
    if (loss === undefined) return JSON.stringify(value);
  } catch {
    loss = 'a member that cannot be read';
  }
  throw new ValidationError('value', `${loss} cannot be kept in JSON`, { operation });
}

/** Returns the checked value of a cached JSON text; throws `CacheError`, which never contains the text. */
export function decodeCacheValue<T>(text: string, decoder: Decoder<T>, operation: string): T {
  try {
    return decoder.parse(JSON.parse(text));
  } catch {
    throw new CacheError('the stored value is not what its schema says', { operation, retryable: false });
  }
}

/** Checks a time to live and returns it in milliseconds. */
export function requireTtlMs(ttlSeconds: number, operation: string): number {
  const ms = typeof ttlSeconds === 'number' && ttlSeconds > 0 ? Math.round(ttlSeconds * 1000) : NaN;
  if (Number.isSafeInteger(ms)) return Math.max(1, ms);
  throw new ValidationError('ttlSeconds', 'must be a number above 0', { operation });
}

/** Maximum number of characters of a key. */
export const MAX_KEY_LENGTH = 4_096;

const WRITE_MEMBERS = keysOf<CacheWrite>({ key: true, value: true, ttlSeconds: true });

/** Checks a write and returns its value as JSON text and its time to live in milliseconds. */
export function encodeCacheWrite({ key, value, ttlSeconds }: CacheWrite, operation: string): StoredText {
  requireKey(key, operation);
  return { key, text: encodeCacheValue(value, operation), ttlMs: requireTtlMs(ttlSeconds, operation) };
}

/** Encodes many writes like {@link encodeCacheWrite}. */
export function encodeCacheWrites(entries: readonly CacheWrite[], operation: string): StoredText[] {
  if (!Array.isArray(entries)) throw new ValidationError('entries', 'must be a list', { operation });
  return Array.from(entries, (entry: CacheWrite) => {
    const write = readMembers('entries', entry, WRITE_MEMBERS, operation);
    return encodeCacheWrite(write as unknown as CacheWrite, operation);
  });
}

/** Throws `ValidationError` for an invalid key, also for lone surrogates, which a server cannot distinguish. */
export function requireKey(key: string, operation: string): void {
  if (typeof key === 'string' && key.length <= MAX_KEY_LENGTH && key.isWellFormed()) return;
  throw new ValidationError('key', refusalOfKey(key)!, { operation });
}

/** Throws `ValidationError` for a value that is no list of keys. */
export function requireKeys(keys: readonly string[], operation: string): void {
  if (!Array.isArray(keys)) throw new ValidationError('keys', 'must be a list of strings', { operation });
  for (let i = 0; i < keys.length; i++) {
    const reason = refusalOfKey(keys[i]);
    if (reason !== undefined) throw new ValidationError('keys', `each ${reason}`, { operation });
  }
}

function refusalOfKey(key: unknown): string | undefined {
  if (typeof key !== 'string') return 'must be a string';
  if (key.length > MAX_KEY_LENGTH) return `must have at most ${MAX_KEY_LENGTH} characters`;
  return key.isWellFormed() ? undefined : 'must be well-formed Unicode';
}

/** Splits the options of a `setIfUnchanged` call into its limits and whether listeners are notified. */
export function splitNotify(
  options: SetIfUnchangedOptions | undefined,
  operation: string,
): { readonly notify: boolean; readonly limits: CallOptions | undefined } {
  try {
    if (typeof options !== 'object' || options === null || !Object.hasOwn(options, 'notify')) {
      return { notify: true, limits: options };
    }
  } catch {
    // The check of the limits refuses options that cannot be read.
    return { notify: true, limits: options };
  }
  const { notify = true, ...limits } = options;
  if (typeof notify !== 'boolean')
    throw new ValidationError('notify', 'must be true or false', { operation });
  return { notify, limits: Object.keys(limits).length === 0 ? undefined : limits };
}

export interface StoredText {
  readonly key: string;
  readonly text: string;
  readonly ttlMs: number;
}

const ISO_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/;

/** Returns the `timestamp` of a decoded cache value (ISO 8601 in UTC) in epoch milliseconds; undefined when it has none. */
export function timestampOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('timestamp' in value)) return undefined;
  const { timestamp } = value;
  if (typeof timestamp !== 'string' || !ISO_UTC.test(timestamp)) return undefined;
  const ms = Date.parse(timestamp);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Returns the timestamp of a value that is about to be stored; throws `ValidationError` when it has none. */
export function requireTimestamp(value: unknown, operation: string): number {
  const ms = timestampOf(value);
  if (ms !== undefined) return ms;
  throw new ValidationError('timestamp', 'must be an ISO 8601 instant in UTC', { operation });
}

/** Maximum nesting depth of a JSON value. */
export const MAX_JSON_DEPTH = 100;
/** Approximate maximum size of a JSON value in bytes. A shared part counts each time, as in its text. */
const MAX_JSON_SIZE = 64 * 1024 * 1024;

/** Approximate bytes of an object, an array or a member, besides texts and names. */
const OVERHEAD = 32;
const MEMBER = 8;

/**
 * Returns the part of a value that JSON would drop or change, such as `Map`; undefined when `JSON.stringify` keeps all. A getter
 * counts as the value that it returns.
 */
export function lossInJson(value: unknown): string | undefined {
  const judge = { size: 0, loss: undefined };
  return keeps(value, MAX_JSON_DEPTH, judge) ? undefined : (judge.loss ?? 'a value of such a size');
}

interface Judge {
  size: number;
  loss: string | undefined;
}

function keeps(value: unknown, depth: number, judge: Judge): boolean {
  switch (typeof value) {
    case 'string':
      judge.size += value.length;
      return judge.size <= MAX_JSON_SIZE;
    case 'number':
      if (Number.isFinite(value) && (value !== 0 || 1 / value > 0)) return true;
      return loses(Object.is(value, -0) ? '-0' : String(value), judge);
    case 'boolean':
      return true;
    case 'object':
      if (value === null) return true;
      if (depth === 0) return loses(`nesting of more than ${MAX_JSON_DEPTH} levels`, judge);
      return Array.isArray(value) ? keepsArray(value, depth, judge) : keepsObject(value, depth, judge);
    default:
      return loses(typeof value, judge);
  }
}

function keepsArray(value: readonly unknown[], depth: number, judge: Judge): boolean {
  const { length } = value;
  judge.size += OVERHEAD + MEMBER * length;
  if (judge.size > MAX_JSON_SIZE) return false;
  if (!isPlainArray(value)) return loses(nameOf(value), judge);
  for (let i = 0; i < length; i++) {
    const item = value[i];
    if (item === undefined && !Object.hasOwn(value, i)) return loses('an array with holes', judge);
    if (!keeps(item, depth - 1, judge)) return false;
  }
  // All its names: those of its items, and its length.
  if (Object.getOwnPropertyNames(value).length > length + 1) return loses('an array with names', judge);
  return Object.getOwnPropertySymbols(value).length === 0 || loses('a member named by a symbol', judge);
}

function keepsObject(value: object, depth: number, judge: Judge): boolean {
  if (!isPlainObject(value)) return loses(nameOf(value), judge);
  judge.size += OVERHEAD;
  let count = 0;
  for (const name in value) {
    count++;
    judge.size += MEMBER + name.length;
    if (judge.size > MAX_JSON_SIZE) return false;
    const member = (value as Record<string, unknown>)[name];
    // Most members are texts.
    if (typeof member === 'string') judge.size += member.length;
    else if (!keeps(member, depth - 1, judge)) return false;
  }
  if (judge.size > MAX_JSON_SIZE) return false;
  if (Object.getOwnPropertyNames(value).length !== count) {
    return loses('a member that is not enumerable, or inherited', judge);
  }
  return Object.getOwnPropertySymbols(value).length === 0 || loses('a member named by a symbol', judge);
}

function loses(what: string, judge: Judge): false {
  judge.loss = what;
  return false;
}

/** Returns whether a value is an array without a subclass, also one of another realm. */
function isPlainArray(value: readonly unknown[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Array.prototype || Array.isArray(prototype);
}

/** Returns whether a value is an object without a class, also one of another realm. */
function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

function nameOf(value: object): string {
  const { name } = (value as { constructor?: { name?: unknown } }).constructor ?? {};
  return typeof name === 'string' && name !== '' ? name.slice(0, 64) : 'an object of a class';
}
