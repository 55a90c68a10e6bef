import { fileURLToPath } from 'node:url';
import { ValidationError } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { DirectoryObjectStore } from '@quantumtrade/dal-object-store';

/** Opens the store of backups at a URL: `file:///directory`. Throws `ValidationError` for any other. */
export function openBackupStore(url: string): ObjectStore {
  if (URL.canParse(url) && new URL(url).protocol === 'file:')
    return new DirectoryObjectStore(fileURLToPath(url));
  throw new ValidationError('store', 'must be the URL of a directory, such as file:///backups', {
    operation: 'backup.open',
  });
}
