import { keysOf } from '../arguments.js';
import { ValidationError } from '../errors.js';
import { CALL_OPTIONS, type CallOptions } from './call.js';

/** One object of an {@link ObjectStore}. */
export interface StoredObject {
  readonly key: string;
  /** Size in bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
}

export interface PutOptions extends CallOptions {
  /**
   * The stored bytes cannot be removed before this instant: {@link ObjectStore.deleteMany} rejects, and a later put of the key rejects too,
   * unless the store keeps the former bytes as a version of their own. A store that cannot lock objects refuses it with
   * `ValidationError`. @default no lock
   */
  retainUntil?: Date;
}

/**
 * Keeps objects of up to {@link MAX_OBJECT_BYTES} by key: a directory, or a bucket of S3.
 *
 * A key has parts of letters, digits, `-`, `_` and `.`, joined by `/`; no part begins with `.` or has more than 200 characters, and a key has at most 512. A key
 * must not be the folder of another: beside `a/b` there is no object `a`. Other keys are refused with `ValidationError`, and objects that somebody stored
 * under other keys are ignored.
 *
 * Each call is bounded in time and attempts, and rejects with a `DatabaseError`, whose `endpoint` is the location:
 *
 * - `ConnectionError`: the store cannot be reached, or fails. Of kind `LOGIN_REFUSED` when it refuses the credentials.
 * - `TimeoutError`: it does not answer in time. A put may have been made.
 * - `QueryError`: it refuses the request. Of kind `STORE_FULL` when no space or quota is left, `OBJECT_LOCKED` and `OBJECT_DAMAGED`.
 */
export interface ObjectStore {
  /** The place of the objects, without credentials, for messages: `/backups` or `s3://bucket/prefix`. */
  readonly location: string;
  /**
   * Stores an object as a whole: it is durable when this resolves, and a failed call leaves no part of it under its key. An
   * object of the same key is replaced.
   */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<void>;
  /**
   * Returns the bytes of an object, or undefined when there is none. Where the store keeps checksums, other bytes than those that were put
   * reject with kind `OBJECT_DAMAGED`.
   */
  get(key: string, options?: CallOptions): Promise<Uint8Array | undefined>;
  /**
   * Returns all objects whose keys begin with the prefix, in ascending order of their keys' bytes. An object that is put or deleted
   * meanwhile may be in the list or not.
   */
  list(prefix: string, options?: CallOptions): AsyncIterable<StoredObject>;
  /**
   * Deletes objects, all versions of them included; missing ones are skipped. A locked object rejects with kind `OBJECT_LOCKED` and a
   * message that names its key; the others are deleted all the same.
   */
  deleteMany(keys: readonly string[], options?: CallOptions): Promise<void>;
  /**
   * Locks objects until an instant, as {@link PutOptions.retainUntil} does. A lock that ends later stays as it is. Rejects with `QueryError` that
   * names the key of an object that is missing, and with `ValidationError` where the store cannot lock objects; others may be locked then.
   */
  retain(keys: readonly string[], retainUntil: Date, options?: CallOptions): Promise<void>;
  /** Later calls reject with `ConnectionError`. May be repeated. */
  close(): Promise<void>;
}

/** Largest object (bytes). */
export const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

/** The keys of {@link PutOptions}. */
export const PUT_OPTIONS = [
  ...CALL_OPTIONS,
  ...keysOf<Omit<PutOptions, keyof CallOptions>>({ retainUntil: true }),
];

const MAX_KEY_LENGTH = 512;
const PART = '[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}';
const KEY = new RegExp(`^${PART}(/${PART})*$`);
const PREFIX = new RegExp(`^(${PART}/)*(${PART})?$`);

/** Returns whether a text is the key of an object. */
export const isObjectKey = (key: unknown): key is string =>
  typeof key === 'string' && key.length <= MAX_KEY_LENGTH && KEY.test(key);

/** Throws `ValidationError` unless the value is the key of an object. */
export function checkObjectKey(key: unknown, operation: string): asserts key is string {
  if (!isObjectKey(key)) {
    throw new ValidationError('key', 'must be letters, digits, "-", "_" and "." in parts joined by "/"', {
      operation,
    });
  }
}

/** Throws `ValidationError` unless the value is a list of keys of objects. */
export function checkObjectKeys(keys: unknown, operation: string): asserts keys is readonly string[] {
  if (!Array.isArray(keys)) throw new ValidationError('keys', 'must be a list of keys', { operation });
  for (const key of keys) checkObjectKey(key, operation);
}

/** Throws `ValidationError` unless the value can begin the key of an object. An empty text begins all. */
export function checkObjectPrefix(prefix: unknown, operation: string): asserts prefix is string {
  if (typeof prefix !== 'string' || prefix.length > MAX_KEY_LENGTH || !PREFIX.test(prefix)) {
    throw new ValidationError('prefix', 'must be the beginning of a key', { operation });
  }
}

/** Throws `ValidationError` for bytes, or an instant until which they are kept, that no store accepts. */
export function checkObject(
  bytes: unknown,
  { retainUntil }: PutOptions,
  operation: string,
): asserts bytes is Uint8Array {
  if (!ArrayBuffer.isView(bytes) || !(bytes instanceof Uint8Array))
    throw new ValidationError('bytes', 'must be a Uint8Array', { operation });
  if (bytes.length > MAX_OBJECT_BYTES) {
    throw new ValidationError('bytes', `must be at most ${MAX_OBJECT_BYTES} bytes`, { operation });
  }
  if (retainUntil !== undefined) checkRetention(retainUntil, operation);
}

/** Throws `ValidationError` unless the value is an instant until which objects can be locked. */
export function checkRetention(retainUntil: unknown, operation: string): asserts retainUntil is Date {
  if (!Number.isNaN(timeOf(retainUntil))) return;
  throw new ValidationError('retainUntil', 'must be a date', { operation });
}

/** Returns the time of a date; NaN for anything else, without calling any of its code. */
function timeOf(value: unknown): number {
  try {
    return Date.prototype.getTime.call(value);
  } catch {
    return NaN;
  }
}
