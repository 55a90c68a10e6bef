import type { CallOptions } from '@quantumtrade/dal-domain';
import { isDatabaseError, ValidationError } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import {
  type BackupManifest,
  folderOf,
  listBackupObjects,
  backupObjectsOf,
  ownerOf,
  readManifest,
  requireBackupId,
} from './manifest.js';

/** A complete backup, or one whose manifest is damaged. */
export interface BackupSummary {
  readonly id: string;
  /** Reason for which the manifest cannot be used. The other members are undefined then. @default none */
  readonly problem?: string;
  readonly kind?: BackupManifest['kind'];
  readonly base?: string | null;
  readonly database?: string;
  readonly schemaVersion?: number;
  /** Writes that were acknowledged before it are in the backup (ISO 8601). */
  readonly startedAt?: string;
  /** Writes that began after it are not in the backup (ISO 8601). */
  readonly completedAt?: string;
  readonly rows?: number;
  /** Size of all objects that a restore reads (bytes). */
  readonly bytes?: number;
  /** Size of the objects that this backup has stored itself (bytes). */
  readonly ownBytes?: number;
}

/** Returns the ids of all backups that have a manifest, ascending by time. */
export async function backupIds(store: ObjectStore, options: CallOptions): Promise<string[]> {
  const ids: string[] = [];
  for await (const { key } of listBackupObjects(store, options)) {
    const owner = ownerOf(key);
    if (owner?.isManifest) ids.push(owner.id);
  }
  return ids.sort();
}

/** Returns all backups, ascending by time. */
export async function listBackups(store: ObjectStore, options: CallOptions = {}): Promise<BackupSummary[]> {
  const summaries: BackupSummary[] = [];
  for (const id of await backupIds(store, options)) {
    const manifest = await readUsable(store, id, options);
    summaries.push(typeof manifest === 'string' ? { id, problem: manifest } : backupSummaryOf(manifest));
  }
  return summaries;
}

/** Reads a manifest; returns the reason for which it cannot be used as text. */
export async function readUsable(
  store: ObjectStore,
  id: string,
  options: CallOptions,
): Promise<BackupManifest | string> {
  try {
    return await readManifest(store, id, 'backup.list', options);
  } catch (error) {
    if (isDatabaseError(error) && error.code === 'VALIDATION') return error.message;
    throw error;
  }
}

/** Reads the manifest of a backup, by default the newest one. Throws `ValidationError` where there is none. */
export async function findBackup(
  store: ObjectStore,
  id: string | undefined,
  operation: string,
  options: CallOptions,
): Promise<BackupManifest> {
  return readManifest(store, await findBackupId(store, id, operation, options), operation, options);
}

/** Returns the id of a backup, by default that of the newest one. Throws `ValidationError` where there is none. */
export async function findBackupId(
  store: ObjectStore,
  id: string | undefined,
  operation: string,
  options: CallOptions,
): Promise<string> {
  const wanted = id === undefined ? (await backupIds(store, options)).at(-1) : requireBackupId(id, operation);
  if (wanted !== undefined) return wanted;
  throw new ValidationError('id', `there is no backup in ${store.location}`, { operation });
}

export function backupSummaryOf(manifest: BackupManifest): BackupSummary & { readonly rows: number } {
  const { id, kind, base, database, schemaVersion, startedAt, completedAt, tables } = manifest;
  const objects = [...backupObjectsOf(manifest).values()];
  const own = objects.filter(({ key }) => key.startsWith(folderOf(id)));
  const sizeOf = (list: typeof objects) => list.reduce((sum, { size }) => sum + size, 0);
  const rows = tables.flatMap(({ partitions }) => partitions).reduce((sum, each) => sum + each.rows, 0);
  return {
    ...{ id, kind, base, database, schemaVersion, startedAt, completedAt, rows },
    bytes: sizeOf(objects),
    ownBytes: sizeOf(own),
  };
}
