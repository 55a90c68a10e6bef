import type { CallOptions } from '@quantumtrade/dal-domain';
import { ValidationError } from '@quantumtrade/dal-domain';
import type {
  ObjectStore,
  PartitionContent,
  PutOptions,
  SnapshotColumn,
} from '@quantumtrade/dal-domain/operations';
import { sealJson, unsealJson } from '../archive/sealed-json.js';
import { damagedObject, getUndamaged } from './stored-bytes.js';

const FORMAT = 1;
const ROOT = 'backups/';
const MANIFEST = 'manifest.json';
/** Time of creation and a random number. */
const ID = /^\d{8}T\d{9}Z-[0-9a-f]{8}$/;

/** Rows of one part of a table, or a slice of it. */
export interface BackupObject {
  /** Key in the object store; that of an earlier backup for a part that has not changed since. */
  readonly key: string;
  readonly sha256: string;
  /** Size in bytes. */
  readonly size: number;
  readonly rows: number;
  readonly partition: string;
  /** Hash and rows of the part that it belongs to. */
  readonly part: { readonly hash: string; readonly rows: number };
}

export interface BackupTable {
  readonly table: string;
  readonly columns: readonly SnapshotColumn[];
  readonly partitions: readonly PartitionContent[];
  readonly objects: readonly BackupObject[];
}

/** Description of a complete backup. It is stored last: a backup without a manifest is unfinished. */
export interface BackupManifest {
  readonly format: number;
  readonly id: string;
  /** `full`: all objects are its own. `incremental`: those of unchanged parts are those of earlier backups. */
  readonly kind: 'full' | 'incremental';
  /** Backup that an incremental one continues. */
  readonly base: string | null;
  readonly database: string;
  readonly schemaVersion: number;
  readonly serverVersion: string;
  /** Writes that were acknowledged before it are in the backup (ISO 8601). */
  readonly startedAt: string;
  /** Writes that began after it are not in the backup (ISO 8601). */
  readonly completedAt: string;
  readonly tables: readonly BackupTable[];
}

/** Returns an id that sorts by its time. */
export function newBackupId(now: number, random: () => number): string {
  const time = new Date(now).toISOString().replace(/[-:.]/g, '');
  return `${time}-${Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0')}`;
}

/** Returns the id of a backup; throws `ValidationError` for anything else. */
export function requireBackupId(id: string, operation: string): string {
  if (ID.test(id)) return id;
  throw new ValidationError('id', 'must be the id of a backup, as `list` shows it', { operation });
}

export const folderOf = (id: string): string => `${ROOT}${id}/`;
export const manifestKey = (id: string): string => `${folderOf(id)}${MANIFEST}`;

/** Returns the backup that a key belongs to, and whether it is its manifest; undefined for other keys. */
export function ownerOf(key: string): { readonly id: string; readonly isManifest: boolean } | undefined {
  const [root, id, ...rest] = key.split('/');
  if (`${root}/` !== ROOT || id === undefined || !ID.test(id)) return undefined;
  return { id, isManifest: rest.join('/') === MANIFEST };
}

export const listBackupObjects = (store: ObjectStore, options: CallOptions) => store.list(ROOT, options);

export async function storeManifest(
  store: ObjectStore,
  manifest: Omit<BackupManifest, 'format'>,
  options: PutOptions,
): Promise<BackupManifest> {
  const complete = { format: FORMAT, ...manifest };
  await store.put(manifestKey(manifest.id), sealJson(complete), options);
  return complete;
}

/** Reads the manifest of a backup. Throws `ValidationError` naming it when it is missing, damaged, or of a newer format. */
export async function readManifest(
  store: ObjectStore,
  id: string,
  operation: string,
  options: CallOptions,
): Promise<BackupManifest> {
  const key = manifestKey(id);
  const bytes = await getUndamaged(store, key, options);
  if (typeof bytes === 'string') throw damagedObject(key, bytes, operation);
  const manifest = unsealJson<BackupManifest>(key, bytes);
  if (manifest.format !== FORMAT)
    throw damagedObject(key, `has the unknown format ${manifest.format}`, operation);
  if (manifest.id !== id) throw damagedObject(key, `is that of ${manifest.id}`, operation);
  return manifest;
}

/** Returns all objects of a manifest, each once, by key. */
export const backupObjectsOf = ({
  tables,
}: Pick<BackupManifest, 'tables'>): ReadonlyMap<string, BackupObject> =>
  new Map(tables.flatMap(({ objects }) => objects.map((object) => [object.key, object] as const)));
