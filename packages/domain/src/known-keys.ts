import { unknownKeyReason } from '@quantumtrade/dal-runtime';
import { ValidationError } from './errors.js';

/** The keys of a type, each given once: the compiler refuses a list in which one is missing or that has one too many. */
export const keysOf = <T>(keys: Readonly<Record<keyof T, true>>): readonly string[] => Object.keys(keys);

/**
 * Throws `ValidationError` for the first own enumerable key of `given` that is not among `known`, with a "did you mean".
 * @param path where the object stands, e.g. `retry` for an option that is an object; empty for the parameter itself.
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
    throw new ValidationError(path || 'keys', 'cannot be read', { operation });
  }
}

const MAX_FIELD_LENGTH = 200;
