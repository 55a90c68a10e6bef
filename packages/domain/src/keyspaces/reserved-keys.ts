import { ValidationError } from '../errors.js';
import type { KeyParts } from './keys.js';
import { literalStartOf } from './keyspace.js';

/** Prefixes of the keys of sessions and auth contexts, with the part of the API that owns them. */
const RESERVED = [
  ['session:', 'sessions'],
  ['auth:', 'authContexts'],
] as const;

/**
 * Throws `ValidationError` for a key of sessions or auth contexts in any encoding: a caller who could write one could act
 * as any user. A value that is no text passes, because later checks refuse it.
 */
export function requireUnreserved(key: unknown, operation: string): void {
  if (typeof key !== 'string') return;
  for (const [start, owner] of RESERVED) {
    if (written(key, start.length).startsWith(start)) refuse('key', `is reserved for ${owner}`, operation);
  }
}

/** Throws `ValidationError` for a pattern that such keys may match with the parts given. */
export function requireUnreservedPattern<P extends string>(
  pattern: P,
  parts: Partial<KeyParts<P>>,
  operation: string,
): void {
  const literal = readableStartOf(pattern, parts, operation);
  if (literal === undefined) return;
  for (const [start, owner] of RESERVED) {
    const beginning = written(literal.text, start.length);
    const mayMatch = beginning.startsWith(start) || (literal.isOpen && start.startsWith(beginning));
    if (mayMatch) refuse('pattern', `may match keys that are reserved for ${owner}`, operation);
  }
}

function readableStartOf(pattern: unknown, parts: unknown, operation: string) {
  try {
    return literalStartOf(pattern, parts);
  } catch {
    return refuse('parts', 'cannot be read', operation);
  }
}

/** Returns the first characters of a key, decoded and in lower case. */
function written(key: string, length: number): string {
  const start = key.slice(0, 3 * length);
  const plain = start.includes('%')
    ? start.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
    : start;
  return plain.slice(0, length).toLowerCase();
}

function refuse(field: string, reason: string, operation: string): never {
  throw new ValidationError(field, reason, { operation });
}
