import { z } from 'zod';
import { ValidationError } from '../errors.js';
import type { Keyspace } from '../keyspaces/keyspace.js';
import { readMember } from '../arguments.js';

/** The codec of a keyspace, and the pattern that names it in errors. */
type Form<T> = Pick<Keyspace<string, T>, 'pattern' | 'codec'>;

/** A value in the JSON form that its keyspace stores; throws `ValidationError` when it is not one of the keyspace's. */
export function encodeFor<T>(keyspace: Form<T>, value: T): unknown {
  const encoded = encodedOrUnreadable(keyspace, value);
  if (encoded?.success) return encoded.data;
  const [issue] = encoded?.error.issues ?? [];
  const field = issue?.path.join('.') || 'value';
  throw new ValidationError(field, issue?.message ?? 'has a member that cannot be read', {
    operation: keyspace.pattern,
  });
}

/** Undefined when reading a member throws. */
function encodedOrUnreadable<T>({ codec }: Form<T>, value: T) {
  try {
    return z.safeEncode(codec, value);
  } catch {
    return undefined;
  }
}

/** The part of a key that a value gives. What has none gives nothing, which is refused with the key. */
export function partOf(value: unknown, name: string): string {
  return readMember((value ?? {}) as object, name, `realtime.${name}`) as string;
}
