import { createHash } from 'node:crypto';
import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
import { isDatabaseError, requireWholeNumber, ValidationError } from '@quantumtrade/dal-domain';
import type { ObjectStore, PutOptions } from '@quantumtrade/dal-domain/operations';

const DAY_MS = 86_400_000;

/** Returns the SHA-256 of bytes in hexadecimal. */
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Returns options of puts whose objects are locked for a number of days; 0 is no lock. Throws `ValidationError` for a wrong number. */
export function putOptions(
  limits: CallOptions,
  retainDays: number,
  clock: TimeSource,
  operation: string,
): PutOptions {
  requireWholeNumber('retainDays', retainDays, operation);
  return retainDays === 0 ? limits : { ...limits, retainUntil: new Date(clock.now() + retainDays * DAY_MS) };
}

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
  const bytes = await getUndamaged(store, key, options);
  if (typeof bytes === 'string') return bytes;
  if (bytes.length !== size) return `has ${bytes.length} bytes in place of ${size}`;
  return sha256Of(bytes) === sha256 ? bytes : 'is damaged: its SHA-256 differs';
}

/** Returns the bytes of an object, or the problem as text when the store has it not, or finds it damaged itself. */
export async function getUndamaged(
  store: ObjectStore,
  key: string,
  options?: CallOptions,
): Promise<Uint8Array | string> {
  try {
    return (await store.get(key, options)) ?? 'is missing';
  } catch (error) {
    if (isDatabaseError(error) && error.kind === 'OBJECT_DAMAGED')
      return 'is damaged: the store finds another checksum';
    throw error;
  }
}

/** Whether a store has an object of exactly these bytes. */
async function hasBytes(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  options: CallOptions,
): Promise<boolean> {
  const found = await getUndamaged(store, key, options);
  return typeof found !== 'string' && Buffer.compare(found, bytes) === 0;
}

/** Locks objects that are there already as long as those that are put with these options. */
export async function extendLocks(
  store: ObjectStore,
  keys: readonly string[],
  { retainUntil }: PutOptions,
  limits: CallOptions,
): Promise<void> {
  if (retainUntil) await store.retain(keys, retainUntil, limits);
}

/** Stores a copy of an object, or extends the lock of one that the store has. Returns whether it was stored. Throws `ValidationError` naming a copy that the store keeps wrongly. */
export async function storeCopy(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  { limits, puts, operation }: CopyLimits,
): Promise<boolean> {
  if (await hasBytes(store, key, bytes, limits)) {
    await extendLocks(store, [key], puts, limits);
    return false;
  }
  await store.put(key, bytes, puts);
  if (await hasBytes(store, key, bytes, limits)) return true;
  throw damagedObject(key, `differs from the original in ${store.location}`, operation);
}

/** Options of the calls of one copy. */
export interface CopyLimits {
  readonly limits: CallOptions;
  /** Those of what is stored. */
  readonly puts: PutOptions;
  readonly operation: string;
}

/** Returns the error of an object that is not what was stored. */
export const damagedObject = (key: string, problem: string, operation: string): ValidationError =>
  new ValidationError(key, problem, { operation });
