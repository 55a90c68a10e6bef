import { fileURLToPath } from 'node:url';
import { ValidationError } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { DirectoryObjectStore } from './directory/directory-object-store.js';
import { S3ObjectStore } from './s3/s3-object-store.js';
import { STORE_URL, type BackupSettings } from './settings.js';

/** One store of the section `[backup]`: the first, or its copy. */
export type ObjectStoreSettings = Omit<BackupSettings, 'url' | 'copy' | 'timeoutMs'> & {
  readonly url: string;
  readonly timeoutMs: number;
};

/**
 * Opens the store that the settings name. Nothing is connected before the first call. Throws `ValidationError` for settings that
 * contradict each other.
 */
export function openObjectStore({
  url,
  timeoutMs,
  retainDays,
  lockMode,
  ...s3
}: ObjectStoreSettings): ObjectStore {
  if (!STORE_URL.matches.test(url)) throw invalid('url', `must be ${STORE_URL.described}`);
  const { protocol, host, pathname } = new URL(url);
  if ((s3.accessKeyId === undefined) !== (s3.secretAccessKey === undefined)) {
    throw invalid('secretAccessKey', 'must be given together with accessKeyId');
  }
  if (protocol === 's3:') {
    return new S3ObjectStore({
      ...s3,
      bucket: host,
      prefix: pathname.replace(/^\//, ''),
      lockMode,
      timeoutMs,
    });
  }
  if (retainDays > 0) throw invalid('retainDays', 'must be 0 for a directory, which cannot lock objects');
  return new DirectoryObjectStore(fileURLToPath(url), { timeoutMs });
}

const invalid = (field: string, reason: string) =>
  new ValidationError(field, reason, { operation: 'objectStore.open' });
