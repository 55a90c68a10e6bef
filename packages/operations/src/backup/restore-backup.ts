import type { CallOptions } from '@quantumtrade/dal-domain';
import { keysOf, requireKnownKeys, ValidationError } from '@quantumtrade/dal-domain';
import type {
  BackupBackend,
  ObjectStore,
  PartitionContent,
  RestoreTarget,
} from '@quantumtrade/dal-domain/operations';
import { requireDatabaseName } from '@quantumtrade/dal-domain/operations';
import { forEachConcurrently } from '@quantumtrade/dal-runtime';
import { findBackup } from './catalog.js';
import type { BackupManifest, BackupObject, BackupTable } from './manifest.js';
import { damagedObject, readObject } from './stored-bytes.js';

const OPERATION = 'restore.backup';
/** Partitions that are restored at once, with an object of each in memory. */
const CONCURRENT_PARTITIONS = 3;

export interface RestoreBackupOptions extends CallOptions {
  /** Name of the database that is created. */
  readonly into: string;
  /** Backup to restore. @default the newest one */
  readonly id?: string | undefined;
  /**
   * Drops the database of that name first if an unfinished restore created it and it has been idle for at least this time. @default nothing is dropped (milliseconds)
   */
  readonly replaceIdleMs?: number | undefined;
}

const KNOWN = keysOf<RestoreBackupOptions>({
  ...{ signal: true, deadline: true, priority: true },
  ...{ into: true, id: true, replaceIdleMs: true },
});

/** A restored database that is not in use yet. */
export interface RestoredDatabase {
  readonly target: RestoreTarget;
  readonly manifest: BackupManifest;
  /** Version of the schema after the migration. */
  readonly schemaVersion: number;
  readonly rows: number;
  /** Bytes of the objects that were read. */
  readonly bytes: number;
}

/**
 * Restores a backup into a new database. Each object is compared with its hash before it is stored, and the content of each partition with
 * the manifest afterwards; then the schema is migrated to the newest version. Whatever fails, the new database is dropped, and a difference
 * is a `ValidationError` naming the object or the partition.
 */
export async function restoreBackup(
  backups: BackupBackend,
  store: ObjectStore,
  options: RestoreBackupOptions,
): Promise<RestoredDatabase> {
  requireKnownKeys(options, KNOWN, OPERATION);
  const { into, id, replaceIdleMs, ...limits } = options;
  const restored = await fillDatabase(backups, store, { into, id, replaceIdleMs, ...limits });
  try {
    await restored.target.complete(limits);
    return restored;
  } catch (error) {
    await restored.target.drop().catch(() => undefined);
    throw error;
  }
}

/** Restores a backup as {@link restoreBackup} does, and leaves the completion of the database to the caller. */
export async function fillDatabase(
  backups: BackupBackend,
  store: ObjectStore,
  { into, id, replaceIdleMs, ...limits }: RestoreBackupOptions,
): Promise<RestoredDatabase> {
  requireDatabaseName('into', into, OPERATION);
  const manifest = await findBackup(store, id, OPERATION, limits);
  const target = await backups.createTarget(into, manifest.schemaVersion, { ...limits, replaceIdleMs });
  try {
    let rows = 0;
    let bytes = 0;
    for (const table of manifest.tables) {
      await storeObjects(target, store, manifest.id, table, limits);
      await compareContent(target, table, limits);
      for (const { rows: count } of table.partitions) rows += count;
      for (const { size } of table.objects) bytes += size;
    }
    const schemaVersion = await target.migrate(limits);
    return { target, manifest, schemaVersion, rows, bytes };
  } catch (error) {
    await target.drop().catch(() => undefined);
    throw error;
  }
}

/**
 * Stores the objects of a table, those of a partition in the order of the manifest. Equal parts share an object, which is stored as often
 * as it is listed.
 */
async function storeObjects(
  target: RestoreTarget,
  store: ObjectStore,
  id: string,
  { table, objects }: BackupTable,
  options: CallOptions,
): Promise<void> {
  const partitions = new Map<string, [number, BackupObject][]>();
  for (const [n, object] of objects.entries()) {
    const list = partitions.get(object.partition) ?? [];
    partitions.set(object.partition, list);
    list.push([n, object]);
  }
  await forEachConcurrently([...partitions.values()], CONCURRENT_PARTITIONS, async (list) => {
    for (const [n, object] of list) {
      const bytes = await readObject(store, object, options);
      if (typeof bytes === 'string') throw damagedObject(object.key, bytes, OPERATION);
      await target.store(table, `${id}/${table}/${n}`, object.rows, bytes, options);
    }
  });
}

async function compareContent(
  target: RestoreTarget,
  { table, partitions }: BackupTable,
  options: CallOptions,
): Promise<void> {
  const byPartition = (contents: readonly PartitionContent[]) =>
    new Map(contents.map((content) => [content.partition, content]));
  const restored = byPartition(await target.content(table, options));
  const expected = byPartition(partitions);
  for (const partition of new Set([...expected.keys(), ...restored.keys()])) {
    const [found, wanted] = [restored.get(partition), expected.get(partition)];
    if (found?.rows === wanted?.rows && found?.hash === wanted?.hash) continue;
    const what =
      found?.rows === wanted?.rows
        ? 'another content'
        : `${found?.rows ?? 0} rows in place of ${wanted?.rows ?? 0}`;
    throw new ValidationError('content', `partition ${partition} of ${table} has ${what} after the restore`, {
      operation: OPERATION,
    });
  }
}
