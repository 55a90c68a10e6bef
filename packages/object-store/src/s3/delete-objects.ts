import type { _Error as DeletionFailure, ObjectIdentifier } from '@aws-sdk/client-s3';
import type { AnyDatabaseError } from '@quantumtrade/dal-domain';
import type { CallDetails } from '../store-calls.js';
import { objectLocked } from '../store-errors.js';
import type { SendS3 } from './s3-connection.js';
import { s3Error } from './s3-error.js';

interface Place {
  readonly bucket: string;
  /** Begins all names. */
  readonly prefix: string;
}

/** Most objects of one request. */
const MAX_OBJECTS = 1_000;

/** Deletes objects with all of their versions. Rejects, after all else is deleted, when one cannot be deleted. */
export async function deleteObjects(
  send: SendS3,
  place: Place,
  keys: readonly string[],
  details: CallDetails,
): Promise<void> {
  const names = [...new Set(keys)].map((key) => place.prefix + key);
  const objects = (await isVersioned(send, place))
    ? await versionsOf(send, place, names)
    : names.map((Key) => ({ Key }));
  const failures: DeletionFailure[] = [];
  for (let from = 0; from < objects.length; from += MAX_OBJECTS) {
    const Objects = objects.slice(from, from + MAX_OBJECTS);
    failures.push(...(await deleteBatch(send, place, Objects, details)));
  }
  if (failures[0]) throw await deletionError(send, place, failures[0], details);
}

/** Returns whether deleting a name alone would leave the bytes as a version. */
const isVersioned = (send: SendS3, { bucket }: Place): Promise<boolean> =>
  send(async (s3, options) => {
    try {
      return (await s3.getBucketVersioning({ Bucket: bucket }, options)).Status !== undefined;
    } catch (error) {
      // Services without versions need not have the request.
      if ((error as Error).name === 'NotImplemented') return false;
      throw error;
    }
  });

/** Returns all versions and deletion markers of names. Names of one folder are looked for together. */
async function versionsOf(send: SendS3, place: Place, names: readonly string[]): Promise<ObjectIdentifier[]> {
  const found: ObjectIdentifier[] = [];
  for (const folder of new Set(names.map(folderOf))) {
    const inFolder = names.filter((name) => folderOf(name) === folder);
    const wanted = new Set(inFolder);
    const request = { Bucket: place.bucket, Prefix: commonPrefix(inFolder) };
    for (let after = {}; ;) {
      const page = await send((s3, options) => s3.listObjectVersions({ ...request, ...after }, options));
      for (const { Key, VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
        if (wanted.has(Key!)) found.push({ Key, VersionId });
      }
      if (!page.IsTruncated) break;
      after = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
  }
  return found;
}

/** Returns the failures that stay. Rejects when one may pass, so that the request is repeated. */
const deleteBatch = (
  send: SendS3,
  { bucket }: Place,
  Objects: ObjectIdentifier[],
  details: CallDetails,
): Promise<DeletionFailure[]> =>
  send(async (s3, options) => {
    const { Errors = [] } = await s3.deleteObjects(
      { Bucket: bucket, Delete: { Objects, Quiet: true } },
      options,
    );
    const passing = Errors.map(({ Code }) => s3Error({ name: Code }, details)).find(
      ({ retryable }) => retryable,
    );
    if (passing) throw passing;
    return Errors;
  });

/** Returns the error of an object that was not deleted, with the end of its lock if that is the reason. */
async function deletionError(
  send: SendS3,
  { bucket, prefix }: Place,
  { Key, VersionId, Code }: DeletionFailure,
  details: CallDetails,
): Promise<AnyDatabaseError> {
  const version = { Bucket: bucket, Key, VersionId };
  const lock = await send((s3, options) => s3.headObject(version, options)).catch(() => undefined);
  const until = lock?.ObjectLockRetainUntilDate;
  const isHeld = lock?.ObjectLockLegalHoldStatus === 'ON';
  if (!isHeld && !(Number(until ?? 0) > Date.now())) return s3Error({ name: Code }, details);
  return objectLocked(Key!.slice(prefix.length), isHeld ? undefined : until, details);
}

const folderOf = (name: string): string => name.slice(0, name.lastIndexOf('/') + 1);

function commonPrefix(names: readonly string[]): string {
  const sorted = names.toSorted();
  const [first, last] = [sorted[0]!, sorted.at(-1)!];
  let length = 0;
  while (length < first.length && first[length] === last[length]) length++;
  return first.slice(0, length);
}
