import { ValidationError } from '@quantumtrade/dal-domain';
import type { CallDetails } from '../store-calls.js';
import { objectMissing } from '../store-errors.js';
import type { SendS3 } from './s3-connection.js';

interface Retention {
  /** Mode of a new lock; a present one keeps its own. */
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly retainUntil: Date;
}

/** Locks the newest version of an object until an instant, unless its lock ends later. */
export async function retainObject(
  send: SendS3,
  place: { readonly Bucket: string; readonly Key: string },
  { mode, retainUntil }: Retention,
  { key, ...details }: CallDetails & { readonly key: string },
): Promise<void> {
  const found = await send(async (s3, options) => {
    try {
      return await s3.headObject(place, options);
    } catch (error) {
      if ((error as Error).name === 'NotFound') throw objectMissing(key, details);
      throw error;
    }
  });
  if (Number(found.ObjectLockRetainUntilDate ?? 0) >= Number(retainUntil)) return;
  const request = {
    ...place,
    VersionId: found.VersionId,
    Retention: { Mode: found.ObjectLockMode ?? mode, RetainUntilDate: retainUntil },
  };
  await send(async (s3, options) => {
    try {
      await s3.putObjectRetention(request, options);
    } catch (error) {
      if ((error as Error).name === 'InvalidRequest') throw noObjectLock(details);
      throw error;
    }
  });
}

export const noObjectLock = (details: CallDetails): ValidationError =>
  new ValidationError('retainUntil', 'the bucket has no object lock', details);
