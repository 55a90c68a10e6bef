import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
import { keysOf, requireKnownKeys, systemClock } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { forEachConcurrently } from '@quantumtrade/dal-runtime';
import { findBackup } from './catalog.js';
import { type BackupManifest, backupObjectsOf, manifestKey, readManifest } from './manifest.js';
import {
  type CopyLimits,
  damagedObject,
  extendLocks,
  getUndamaged,
  putOptions,
  readObject,
  storeCopy,
} from './stored-bytes.js';

const OPERATION = 'backup.copy';
/** Objects that are copied at once; each is in memory meanwhile, twice after its copy. */
const CONCURRENT_OBJECTS = 4;

export interface CopyBackupOptions extends CallOptions {
  /** Backup to copy, with those that it continues. @default the newest one */
  readonly id?: string | undefined;
  /** Time for which the copies can be neither deleted nor replaced. The second store must be able to lock objects. @default 0 (days) */
  readonly retainDays?: number;
  /** @default the system's clock */
  readonly clock?: TimeSource;
}

const KNOWN = keysOf<CopyBackupOptions>({
  ...{ signal: true, deadline: true, priority: true },
  ...{ id: true, retainDays: true, clock: true },
});

/** Result of copying a backup. */
export interface CopiedBackup {
  readonly id: string;
  /** Ids of the copied chain, ascending: the full backup first, this one last. */
  readonly backups: readonly string[];
  /** Number and size of the objects that were copied, without manifests. */
  readonly objects: number;
  readonly bytes: number;
  /** Number of objects that the second store had already. */
  readonly present: number;
}

/**
 * Copies a backup and those that it continues to a second store: the objects first, each manifest after all that it refers to. An object
 * that the second store has with the same SHA-256 is not copied, so a call that failed half-way goes on with the next call. A copy is
 * read again and compared, and one that is there is locked as long as a new one. A damaged object or manifest of the first store throws `ValidationError` naming it, and is not copied.
 */
export async function copyBackup(
  from: ObjectStore,
  to: ObjectStore,
  options: CopyBackupOptions = {},
): Promise<CopiedBackup> {
  requireKnownKeys(options, KNOWN, OPERATION);
  const { id: wanted, retainDays = 0, clock = systemClock, ...limits } = options;
  const puts = putOptions(limits, retainDays, clock, OPERATION);
  const chain = await chainOf(from, wanted, limits);
  const copying = { limits, puts, operation: OPERATION };
  let [objects, bytes, present] = [0, 0, 0];
  const stored = new Map(chain.flatMap((manifest) => [...backupObjectsOf(manifest)]));
  await forEachConcurrently([...stored.values()], CONCURRENT_OBJECTS, async (object) => {
    if (typeof (await readObject(to, object, limits)) !== 'string') {
      await extendLocks(to, [object.key], puts, limits);
      present++;
      return;
    }
    const original = await readObject(from, object, limits);
    if (typeof original === 'string')
      throw damagedObject(object.key, `${original} in ${from.location}`, OPERATION);
    await to.put(object.key, original, puts);
    const copy = await readObject(to, object, limits);
    if (typeof copy === 'string') throw damagedObject(object.key, `${copy} in ${to.location}`, OPERATION);
    objects++;
    bytes += original.length;
  });
  for (const { id } of chain) await copyManifest(from, to, id, copying);
  const backups = chain.map(({ id }) => id);
  return { id: backups.at(-1)!, backups, objects, bytes, present };
}

/** Returns the manifests of a backup and of those that it continues, the full backup first. */
async function chainOf(
  store: ObjectStore,
  wanted: string | undefined,
  options: CallOptions,
): Promise<BackupManifest[]> {
  const chain = [await findBackup(store, wanted, OPERATION, options)];
  for (let base = chain[0]!.base; base !== null; base = chain[0]!.base) {
    chain.unshift(await readManifest(store, base, OPERATION, options));
  }
  return chain;
}

async function copyManifest(
  from: ObjectStore,
  to: ObjectStore,
  id: string,
  copying: CopyLimits,
): Promise<void> {
  const key = manifestKey(id);
  const original = await getUndamaged(from, key, copying.limits);
  if (typeof original === 'string') throw damagedObject(key, `${original} in ${from.location}`, OPERATION);
  await storeCopy(to, key, original, copying);
}
