import { unknownKeyReason } from '@quantumtrade/dal-runtime';
import { ValidationError } from './errors.js';

/** Checks of parameters, options and other objects that callers pass. Each throws `ValidationError` naming the part. */

const MAX_FIELD_LENGTH = 200;

/** Returns the keys of a type. The compiler refuses a list that lacks a key or has one too many. */
export const keysOf = <T>(keys: Readonly<Record<keyof T, true>>): readonly string[] => Object.keys(keys);

/**
 * Throws `ValidationError` for the first own enumerable key of `given` that is not among `known`, with a "did you mean".
 * @param path position of the object, e.g. `retry` for an option that is an object; empty for the parameter itself
 */
export function requireKnownKeys(
  given: object,
  known: readonly string[],
  operation: string,
  path: string = '',
): void {
  for (const key of keysIn(given, operation, path)) {
    if (known.includes(key)) continue;
    const field = path === '' ? key : `${path}.${key}`;
    throw new ValidationError(field.slice(0, MAX_FIELD_LENGTH), unknownKeyReason(key, known), { operation });
  }
}

function keysIn(given: object, operation: string, path: string): string[] {
  try {
    return Object.keys(given);
  } catch {
    throw unreadable(path || 'keys', operation);
  }
}

/** Returns a value that is an object; throws `ValidationError` for any other. */
export function requireObject<T>(name: string, value: T, operation: string): T & object {
  if (typeof value === 'object' && value !== null) return value;
  throw new ValidationError(name, 'must be an object', { operation });
}

/**
 * Returns an object that a caller gave; throws `ValidationError` when it is none, or naming a key that is unknown. Objects of
 * classes may have keys of their own.
 */
export function requireMembers(
  name: string,
  given: unknown,
  known: readonly string[],
  operation: string,
): object {
  const object = requireObject(name, given, operation) as object;
  try {
    if (isPlainObject(object)) requireKnownKeys(object, known, operation);
    return object;
  } catch (error) {
    throw error instanceof ValidationError ? error : unreadable(name, operation);
  }
}

/**
 * Reads each member of an object that a caller gave once. Throws `ValidationError` when it is no object, a member cannot be
 * read, or a key is unknown.
 */
export function readMembers(
  name: string,
  given: unknown,
  known: readonly string[],
  operation: string,
): Readonly<Record<string, unknown>> {
  if (!isPlainMap(given)) throw new ValidationError(name, 'must be an object', { operation });
  const object = requireMembers(name, given, known, operation);
  const members: Record<string, unknown> = {};
  for (const key of known) members[key] = readMember(object, key, operation);
  return members;
}

/** Reads a member of an object, also an accessor of its class; throws `ValidationError` when it cannot be read. */
export function readMember(object: object, name: string, operation: string): unknown {
  try {
    return (object as Readonly<Record<string, unknown>>)[name];
  } catch {
    throw unreadable(name, operation);
  }
}

const unreadable = (name: string, operation: string): ValidationError =>
  new ValidationError(name, 'cannot be read', { operation });

/** Returns whether a value is an object of a literal or of JSON, of this realm or another, or one without a prototype. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Returns whether a value is an object of names and values; false for an array, a `Map` or a `Date`. */
export function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  try {
    return Object.prototype.toString.call(value) === '[object Object]';
  } catch {
    return false;
  }
}

/** Returns whether a value is a plain map without a class, so that it has only its own entries. */
export function isMapOfOwn(value: unknown): value is Readonly<Record<string, unknown>> {
  try {
    return isPlainMap(value) && isPlainObject(value);
  } catch {
    return false;
  }
}

/** Throws `ValidationError` naming an option that is given and is not a whole number in the range. */
export function requireWholeNumber(
  name: string,
  value: unknown,
  operation: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
): void {
  if (value === undefined) return;
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new ValidationError(name, `must be a whole number ${range}`, { operation });
}

/** Throws `ValidationError` naming an option that is given and is none of the values. */
export function requireOneOf(
  name: string,
  value: unknown,
  values: readonly unknown[],
  operation: string,
): void {
  if (value === undefined || values.includes(value)) return;
  throw new ValidationError(name, `must be one of ${values.join(', ')}`, { operation });
}

/** Throws `ValidationError` naming an option that is given and is not of the type that `typeof` returns. */
export function requireType(
  name: string,
  value: unknown,
  type: 'string' | 'boolean' | 'function' | 'object',
  operation: string,
): void {
  if (value === undefined || (typeof value === type && value !== null)) return;
  throw new ValidationError(name, `must be ${type === 'object' ? 'an' : 'a'} ${type}`, { operation });
}

/** Throws `ValidationError` naming an option that is given and has no method `now`. */
export function requireClock(name: string, clock: unknown, operation: string): void {
  if (clock === undefined) return;
  if (typeof (clock as { readonly now?: unknown } | null)?.now === 'function') return;
  throw new ValidationError(name, 'must be a clock with a function now', { operation });
}
