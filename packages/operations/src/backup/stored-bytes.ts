import { createHash } from 'node:crypto';
import type { CallOptions } from '@quantumtrade/dal-domain';
import { ValidationError } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';

/** Returns the SHA-256 of bytes in hexadecimal. */
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Size and hash of an object as its manifest has them. */
interface ExpectedObject {
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
}

/** Reads an object whole and compares it with its manifest. Returns its bytes, or the problem as text. */
export async function readObject(
  store: ObjectStore,
  { key, size, sha256 }: ExpectedObject,
  options: CallOptions,
): Promise<Uint8Array | string> {
  const bytes = await store.get(key, options);
  if (!bytes) return 'is missing';
  if (bytes.length !== size) return `has ${bytes.length} bytes in place of ${size}`;
  return sha256Of(bytes) === sha256 ? bytes : 'is damaged: its SHA-256 differs';
}

/** Returns the error of an object that is not what was stored. */
export const damagedObject = (key: string, problem: string, operation: string): ValidationError =>
  new ValidationError(key, problem, { operation });
