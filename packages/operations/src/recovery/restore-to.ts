import { keysOf, requireKnownKeys, requireWholeNumber, ValidationError } from '@quantumtrade/dal-domain';
import type { BackupBackend, ObjectStore } from '@quantumtrade/dal-domain/operations';
import { requireDatabaseName } from '@quantumtrade/dal-domain/operations';
import { readArchiveCopy } from '../archive/archive-copy.js';
import { listBackups, type BackupSummary } from '../backup/catalog.js';
import { fillDatabase } from '../backup/restore-backup.js';
import { promotionTimes } from './promotions.js';
import {
  type BaseBackup,
  recoverDatabase,
  type RecoveredDatabase,
  type RecoveryOptions,
} from './recover-database.js';

const OPERATION = 'restore.to';

export interface RestoreToOptions extends RecoveryOptions {
  /** Name of the database that is created. */
  readonly into: string;
  /**
   * Drops the database of that name first if an unfinished restore created it and it has been idle for at least this time. @default nothing is dropped (milliseconds)
   */
  readonly replaceIdleMs?: number | undefined;
}

const KNOWN = keysOf<RestoreToOptions>({
  ...{ signal: true, deadline: true, priority: true, into: true, replaceIdleMs: true },
  ...{ to: true, undelivered: true, allowedClockDifferenceMs: true },
});

/**
 * Restores the database to an instant into a new one, from a backup and the archive of stored blocks: every write that was
 * acknowledged by then is there, in the version of then, and none that began later. Whatever is missing or damaged is a
 * `ValidationError` naming the object, and the new database is dropped. Backups with a damaged manifest are left out.
 */
export async function restoreTo(
  backups: BackupBackend,
  store: ObjectStore,
  options: RestoreToOptions,
): Promise<RecoveredDatabase> {
  requireKnownKeys(options, KNOWN, OPERATION);
  const { into, replaceIdleMs, ...recovery } = options;
  const { to, undelivered: _, allowedClockDifferenceMs, ...limits } = recovery;
  requireDatabaseName('into', into, OPERATION);
  requireWholeNumber('allowedClockDifferenceMs', allowedClockDifferenceMs, OPERATION);
  if (to !== 'latest' && !(to instanceof Date && !Number.isNaN(to.getTime()))) {
    throw new ValidationError('to', 'must be a valid Date or latest', { operation: OPERATION });
  }
  const parts = {
    store,
    promotions: await promotionTimes(store, limits),
    copy: await readArchiveCopy(store, limits),
    backups: (await listBackups(store, limits)).flatMap(baseOf),
    restore: async ({ id }: BaseBackup) =>
      (await fillDatabase(backups, store, { into, id, replaceIdleMs, ...limits })).target,
  };
  return recoverDatabase(parts, recovery);
}

function baseOf({ id, database, startedAt, completedAt }: BackupSummary): BaseBackup[] {
  if (database === undefined || startedAt === undefined || completedAt === undefined) return [];
  return [{ id, database, startedAt: new Date(startedAt), completedAt: new Date(completedAt) }];
}
