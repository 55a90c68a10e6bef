import type { DalConfig } from '@quantumtrade/dal-config';
import { ValidationError } from '@quantumtrade/dal-domain';
import type { BlockArchive } from '@quantumtrade/dal-domain/operations';
import { openObjectStore } from '@quantumtrade/dal-object-store';
import { openArchive } from '@quantumtrade/dal-operations';

const DAY_MS = 86_400_000;

/** An archive over the object store of the configuration. */
export interface ConfiguredArchive {
  readonly archive: BlockArchive;
  /** Ships what is left, and closes the object store. */
  close(): Promise<void>;
}

export type ArchivingConfig = Partial<Pick<DalConfig, 'archive' | 'backup'>>;

/**
 * Opens the archive of a configuration that has a directory for it; returns undefined for any other. Throws `ValidationError` where
 * there is no object store.
 */
export function openConfiguredArchive(
  { archive, backup }: ArchivingConfig,
  database: string,
): ConfiguredArchive | undefined {
  if (archive?.directory === undefined) return undefined;
  const { url } = backup ?? {};
  if (!backup || url === undefined) {
    throw new ValidationError('backup.url', 'is missing: the archive needs an object store', {
      operation: 'database.open',
    });
  }
  const store = openObjectStore({ ...backup, url });
  const retainMs = backup.retainDays > 0 ? backup.retainDays * DAY_MS : undefined;
  const opened = openArchive({ ...archive, directory: archive.directory, store, database, retainMs });
  return { archive: opened, close: () => opened.close().finally(() => store.close()) };
}
