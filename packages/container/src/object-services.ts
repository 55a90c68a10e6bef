import type { DalConfig } from '@quantumtrade/dal-config';
import { ValidationError } from '@quantumtrade/dal-domain';
import type { BlockArchive, ReadBackupCondition } from '@quantumtrade/dal-domain/operations';
import { openObjectStore } from '@quantumtrade/dal-object-store';
import { backupStatus, openArchive } from '@quantumtrade/dal-operations';

const DAY_MS = 86_400_000;

/** The parts of a data layer that use the object store of the configuration. */
export interface ObjectServices {
  /** Undefined without a directory for it. */
  readonly archive?: BlockArchive | undefined;
  readonly backupCondition: ReadBackupCondition;
  /** Ships what is left in the archive, and closes the object store. */
  close(): Promise<void>;
}

export type ObjectServicesConfig = Partial<Pick<DalConfig, 'archive' | 'backup'>>;

/**
 * Opens what uses the configured object store; returns undefined where none is configured. Throws `ValidationError` for an archive
 * without an object store.
 */
export function openObjectServices(
  { archive, backup }: ObjectServicesConfig,
  database: string,
): ObjectServices | undefined {
  const { url } = backup ?? {};
  const { directory } = archive ?? {};
  if (!backup || url === undefined) {
    if (directory === undefined) return undefined;
    throw new ValidationError('backup.url', 'is missing: the archive needs an object store', {
      operation: 'database.open',
    });
  }
  const store = openObjectStore({ ...backup, url });
  const retainMs = backup.retainDays > 0 ? backup.retainDays * DAY_MS : undefined;
  const opened =
    directory === undefined ? undefined : openArchive({ ...archive, directory, store, database, retainMs });
  return {
    archive: opened,
    backupCondition: (options) => backupStatus(store, options),
    close: () => Promise.resolve(opened?.close()).finally(() => store.close()),
  };
}
