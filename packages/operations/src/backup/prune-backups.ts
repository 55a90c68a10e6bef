import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
import { keysOf, requireKnownKeys, requireWholeNumber, systemClock } from '@quantumtrade/dal-domain';
import type { ObjectStore, StoredObject } from '@quantumtrade/dal-domain/operations';
import { readUsable } from './catalog.js';
import { listBackupObjects, type BackupManifest, manifestKey, backupObjectsOf, ownerOf } from './manifest.js';
import { verificationKey } from './results.js';

const OPERATION = 'backup.prune';
const DAY_MS = 86_400_000;
/** Keys of one request. */
const BATCH = 500;

export interface PruneBackupsOptions extends CallOptions {
  /** Newest chains that are kept; at least 1. A chain is a full backup with the incremental ones that follow it. */
  readonly keep: number;
  /** Chains whose newest backup is younger are kept, too. @default 0 (milliseconds) */
  readonly youngerThanMs?: number;
  /** Age from which on an object of an unfinished backup is removed. @default 86,400,000 (milliseconds) */
  readonly graceMs?: number;
  /** Deletes nothing and returns what would be deleted. @default false */
  readonly dryRun?: boolean;
  /** @default the system's clock */
  readonly clock?: TimeSource;
}

const KNOWN = keysOf<PruneBackupsOptions>({
  ...{ signal: true, deadline: true, priority: true, keep: true },
  ...{ youngerThanMs: true, graceMs: true, dryRun: true, clock: true },
});

export interface PrunedBackups {
  /** Ids of the backups that were removed, the newest first. */
  readonly backups: readonly string[];
  /** Number and size of the objects that were removed, those of unfinished backups included. */
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Removes old chains of backups, and what unfinished backups have left. The manifests go first, the newest before those that it refers
 * to, so that a call that fails half-way leaves no backup that lacks an object; the next call goes on. An object that a kept backup refers
 * to stays in any case. A backup with a damaged manifest counts to the chain before it.
 */
export async function pruneBackups(store: ObjectStore, options: PruneBackupsOptions): Promise<PrunedBackups> {
  requireKnownKeys(options, KNOWN, OPERATION);
  const {
    keep,
    youngerThanMs = 0,
    graceMs = DAY_MS,
    dryRun = false,
    clock = systemClock,
    ...limits
  } = options;
  requireWholeNumber('keep', keep, OPERATION, { min: 1 });
  requireWholeNumber('youngerThanMs', youngerThanMs, OPERATION);
  requireWholeNumber('graceMs', graceMs, OPERATION);
  const stored = await storedBackups(store, limits);
  const finished = [...stored].filter(([, { isFinished }]) => isFinished).map(([id]) => id);
  const manifests = new Map<string, BackupManifest | string>();
  for (const id of finished.sort()) manifests.set(id, await readUsable(store, id, limits));

  const chains = chainsOf(manifests);
  const now = clock.now();
  const isOld = (chain: readonly string[], n: number) =>
    n < chains.length - keep && timeOf(chain.at(-1)!) < now - youngerThanMs;
  const pruned = new Set(chains.filter(isOld).flat());
  const kept = finished.filter((id) => !pruned.has(id));
  const referenced = new Set<string>();
  for (const id of kept) {
    const manifest = manifests.get(id)!;
    if (typeof manifest !== 'string') for (const key of backupObjectsOf(manifest).keys()) referenced.add(key);
  }

  const isUnfinished = (id: string, { modifiedAt }: StoredObject) =>
    !stored.get(id)!.isFinished && modifiedAt.getTime() < now - graceMs;
  const removed = [...stored].flatMap(([id, { objects }]) =>
    objects.filter((each) => !referenced.has(each.key) && (pruned.has(id) || isUnfinished(id, each))),
  );
  const backups = [...pruned].sort().reverse();
  if (!dryRun) {
    for (const id of backups) await store.deleteMany([manifestKey(id)], limits);
    const rest = [...removed.map(({ key }) => key), ...backups.map(verificationKey)];
    for (let n = 0; n < rest.length; n += BATCH) await store.deleteMany(rest.slice(n, n + BATCH), limits);
  }
  const bytes = removed.reduce((sum, { size }) => sum + size, 0);
  return { backups, objects: removed.length, bytes };
}

interface StoredBackup {
  isFinished: boolean;
  /** Without the manifest. */
  readonly objects: StoredObject[];
}

/** Returns what the store has of each backup. */
async function storedBackups(store: ObjectStore, options: CallOptions): Promise<Map<string, StoredBackup>> {
  const stored = new Map<string, StoredBackup>();
  for await (const object of listBackupObjects(store, options)) {
    const owner = ownerOf(object.key);
    if (!owner) continue;
    const backup = stored.get(owner.id) ?? { isFinished: false, objects: [] };
    stored.set(owner.id, backup);
    if (owner.isManifest) backup.isFinished = true;
    else backup.objects.push(object);
  }
  return stored;
}

/** Returns the ids of the backups of each chain, all ascending. */
function chainsOf(manifests: ReadonlyMap<string, BackupManifest | string>): string[][] {
  const chains: string[][] = [];
  for (const [id, manifest] of manifests) {
    const begins = typeof manifest !== 'string' && manifest.kind === 'full';
    const chain = chains.at(-1);
    if (begins || !chain) chains.push([id]);
    else chain.push(id);
  }
  return chains;
}

/** Returns the time in the id of a backup (epoch milliseconds). */
function timeOf(id: string): number {
  const [, date, time, ms] = /^(\d{8})T(\d{6})(\d{3})Z/.exec(id)!;
  const digits = (text: string, separator: string) => text.match(/\d{2}/g)!.join(separator);
  return Date.parse(`${date!.slice(0, 4)}-${digits(date!.slice(4), '-')}T${digits(time!, ':')}.${ms}Z`);
}
