import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
import { keysOf, QueryError, requireKnownKeys, systemClock } from '@quantumtrade/dal-domain';
import type {
  BackupBackend,
  DatabaseSnapshot,
  ObjectStore,
  PartitionContent,
  PutOptions,
  SnapshotPart,
  SnapshotTable,
} from '@quantumtrade/dal-domain/operations';
import { MAX_OBJECT_BYTES } from '@quantumtrade/dal-domain/operations';
import { forEachConcurrently } from '@quantumtrade/dal-runtime';
import { backupIds, readUsable, backupSummaryOf, type BackupSummary } from './catalog.js';
import type { BackupManifest, BackupObject, BackupTable } from './manifest.js';
import { backupObjectsOf, folderOf, newBackupId, storeManifest } from './manifest.js';
import { partText, ReusableParts } from './reusable-parts.js';
import { extendLocks, putOptions, sha256Of } from './stored-bytes.js';

const OPERATION = 'backup.create';
/** Uncompressed size of the rows of one object, about. */
const SLICE_BYTES = 32 * 2 ** 20;
/** Objects that are read and stored at once; each is in memory meanwhile. */
const CONCURRENT_OBJECTS = 3;

export interface CreateBackupOptions extends CallOptions {
  /** Stores all rows again, so that a new chain begins. @default false: parts of the newest backup that are unchanged are not stored */
  readonly full?: boolean;
  /**
   * Time for which what is stored, and what the backup needs of earlier ones, can be neither deleted nor replaced. The store must be able to lock
   * objects. @default 0 (days)
   */
  readonly retainDays?: number;
  /** @default the system's clock */
  readonly clock?: TimeSource;
  /** @default Math.random */
  readonly random?: () => number;
}

const KNOWN = keysOf<CreateBackupOptions>({
  ...{ signal: true, deadline: true, priority: true },
  ...{ full: true, retainDays: true, clock: true, random: true },
});

/**
 * Backs up the database in use. A backup is complete with its manifest, which is stored last; what a failed call has stored is removed
 * by `pruneBackups`. An incremental backup lists all parts and continues the newest one; where that one's manifest is damaged, or it is that of another database or version of the schema, the backup
 * is a full one. An object of an earlier backup that is missing, or has another size, is stored again.
 */
export async function createBackup(
  backups: BackupBackend,
  store: ObjectStore,
  options: CreateBackupOptions = {},
): Promise<BackupSummary> {
  requireKnownKeys(options, KNOWN, OPERATION);
  const { full = false, retainDays = 0, clock = systemClock, random = Math.random, ...limits } = options;
  const put = putOptions(limits, retainDays, clock, OPERATION);
  const base = full ? undefined : await newestUsable(store, limits);
  const known = base && (await ReusableParts.of(base, store, limits));
  const id = newBackupId(clock.now(), random);
  const snapshot = await backups.snapshot(limits);
  try {
    const { database, schemaVersion, serverVersion } = snapshot;
    const isBase = base?.database === database && base.schemaVersion === schemaVersion;
    const reusable = isBase ? known : undefined;
    const tables: BackupTable[] = [];
    for (const table of snapshot.tables) {
      tables.push(await backUpTable({ snapshot, store, id, reusable, limits, put }, table));
    }
    await extendLocks(store, referencedBy(id, tables), put, limits);
    const manifest = await storeManifest(
      store,
      {
        ...{ id, kind: reusable ? 'incremental' : 'full', base: reusable ? base!.id : null },
        ...{ database, schemaVersion, serverVersion },
        startedAt: snapshot.startedAt.toISOString(),
        completedAt: snapshot.completedAt.toISOString(),
        tables,
      },
      put,
    );
    return backupSummaryOf(manifest);
  } finally {
    // The storage that a failed release leaves is released by a later snapshot.
    await snapshot.release().catch(() => undefined);
  }
}

/** Returns the keys of the objects of earlier backups that a backup needs. */
const referencedBy = (id: string, tables: readonly BackupTable[]): string[] =>
  [...backupObjectsOf({ tables }).keys()].filter((key) => !key.startsWith(folderOf(id)));

async function newestUsable(store: ObjectStore, options: CallOptions): Promise<BackupManifest | undefined> {
  const newest = (await backupIds(store, options)).at(-1);
  if (newest === undefined) return undefined;
  const manifest = await readUsable(store, newest, options);
  return typeof manifest === 'string' ? undefined : manifest;
}

interface TableBackup {
  readonly snapshot: DatabaseSnapshot;
  readonly store: ObjectStore;
  readonly id: string;
  readonly reusable: ReusableParts | undefined;
  readonly limits: CallOptions;
  /** Those of stored objects. */
  readonly put: PutOptions;
}

/** Stores the parts of a table that the store lacks. */
async function backUpTable(backup: TableBackup, table: SnapshotTable): Promise<BackupTable> {
  const { snapshot, reusable, limits } = backup;
  const kept = reusable?.contents(table) ?? [];
  const partitions = [...new Set(table.parts.map(({ partition }) => partition))].filter(
    (partition) => !kept.some((each) => each.partition === partition),
  );
  const read = partitions.length > 0 ? await snapshot.content(table.table, { ...limits, partitions }) : [];
  const contents = [...kept, ...read].sort((a, b) => (a.partition < b.partition ? -1 : 1));
  const stored = reusable?.objects(table) ?? new Map<string, readonly BackupObject[]>();
  const missing = new Map<string, SnapshotPart>();
  for (const part of table.parts) {
    const text = textOf(part);
    if (!stored.has(text)) missing.set(text, part);
  }
  await forEachConcurrently([...missing.values()], CONCURRENT_OBJECTS, async (part) => {
    stored.set(textOf(part), await backUpPart(backup, table.table, part));
  });
  const objects = table.parts.flatMap((part) => stored.get(textOf(part))!);
  requireComplete(table.table, contents, objects);
  return { table: table.table, columns: table.columns, partitions: contents, objects };
}

const textOf = ({ partition, hash, rows }: SnapshotPart): string =>
  partText({ partition, part: { hash, rows } });

/** Stores the rows of a part in slices. */
async function backUpPart(
  { snapshot, store, id, limits, put }: TableBackup,
  table: string,
  { name, partition, hash, rows, bytes }: SnapshotPart,
): Promise<BackupObject[]> {
  const step = Math.max(1, Math.min(rows, Math.floor((rows * SLICE_BYTES) / Math.max(1, bytes))));
  const objects: BackupObject[] = [];
  const storeSlice = async (from: number, to: number): Promise<void> => {
    const block = await snapshot.read(table, name, from, to, limits);
    if (block.bytes.length > MAX_OBJECT_BYTES && to - from > 1) {
      const middle = Math.ceil((from + to) / 2);
      await storeSlice(from, middle);
      return storeSlice(middle, to);
    }
    if (block.rows === 0) return;
    const key = `${folderOf(id)}data/${table}/${hash}-${from}-${to}.native.zst`;
    await store.put(key, block.bytes, put);
    const { length: size } = block.bytes;
    const sha256 = sha256Of(block.bytes);
    objects.push({ key, sha256, size, rows: block.rows, partition, part: { hash, rows } });
  };
  for (let from = 0; from < rows; from += step) await storeSlice(from, Math.min(rows, from + step));
  return objects;
}

/** Throws `QueryError` unless objects have as many rows as the partitions of the snapshot. */
function requireComplete(
  table: string,
  contents: readonly PartitionContent[],
  objects: readonly BackupObject[],
): void {
  const counts = new Map<string, number>();
  for (const { partition, rows } of objects) counts.set(partition, (counts.get(partition) ?? 0) + rows);
  for (const { partition, rows } of contents) {
    const read = counts.get(partition) ?? 0;
    if (read === rows) continue;
    const reason = `${read} rows of partition ${partition} of ${table} were read, which has ${rows}`;
    throw new QueryError(`BACKUP ${table}`, reason, { operation: OPERATION, retryable: true });
  }
}
