import { ValidationError } from '../errors.js';
import { requireKnownKeys } from '../known-keys.js';
import { isPlainMap } from './field.js';
import { requireObject } from './row.js';
import { isPlainObject } from './row-keys.js';

/**
 * An object as a caller gave it. Throws `ValidationError` when it is none, or naming the key that is not known; what objects
 * of classes have beside their accessors is their own.
 */
export function requireMembers(
  name: string,
  given: unknown,
  known: readonly string[],
  operation: string,
): object {
  const object = requireObject(name, given, operation) as object;
  try {
    if (!isPlainObject(object)) return object;
    requireKnownKeys(object, known, operation);
    return object;
  } catch (error) {
    throw error instanceof ValidationError ? error : unreadable(name, operation);
  }
}

/**
 * The members of an object as a caller gave it, each read once. Throws `ValidationError` when it is no object or one of its
 * members cannot be read, or naming the key that is not known.
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

/** What an object has under a name, its own or by an accessor of its class; throws `ValidationError` when it cannot be read. */
export function readMember(object: object, name: string, operation: string): unknown {
  try {
    return (object as Readonly<Record<string, unknown>>)[name];
  } catch {
    throw unreadable(name, operation);
  }
}

const unreadable = (name: string, operation: string): ValidationError =>
  new ValidationError(name, 'cannot be read', { operation });
