import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
import { keysOf, requireKnownKeys, systemClock } from '@quantumtrade/dal-domain';
import type { BackupBackend, ObjectStore } from '@quantumtrade/dal-domain/operations';
import { putArchiveCopy, readArchiveCopy } from '../archive/archive-copy.js';
import { sealJson, unsealJson } from '../archive/sealed-json.js';
import { type CopyLimits, storeCopy } from '../backup/stored-bytes.js';

const PREFIX = 'promotions/';

export interface PromoteOptions extends CallOptions {
  /** Restored database. */
  readonly database: string;
  /** New database for the tables that are in use. */
  readonly keepAs: string;
  /** @default the system's clock */
  readonly clock?: TimeSource;
}

const KNOWN = keysOf<PromoteOptions>({
  ...{ signal: true, deadline: true, priority: true },
  ...{ database: true, keepAs: true, clock: true },
});

/**
 * Puts a restored database in the place of the one in use, as {@link BackupBackend.promote} does, and records that in the store:
 * what was archived before and is not in the restored database is not replayed by a restore to any later instant. Such a restore
 * needs a backup that was made after the promotion.
 */
export async function promoteRestored(
  backups: BackupBackend,
  store: ObjectStore,
  options: PromoteOptions,
): Promise<void> {
  requireKnownKeys(options, KNOWN, 'restore.promote');
  const { database, keepAs, clock = systemClock, ...limits } = options;
  // Recorded first: a promotion that fails costs a backup, one that is not recorded would bring back what was undone.
  const promotedAt = clock.now();
  const key = `${PREFIX}${new Date(promotedAt).toISOString().replace(/[:.]/g, '-')}.json`;
  await store.put(key, sealJson({ database, promotedAt }), limits);
  const copy = await readArchiveCopy(store, limits);
  if (copy && copy.usedSince === undefined) {
    await putArchiveCopy(store, { ...copy, usedSince: promotedAt }, limits);
  }
  await backups.promote(database, keepAs, limits);
}

/** Copies the records of promotions to a second store. Throws `ValidationError` naming one that was changed. */
export async function copyPromotions(from: ObjectStore, to: ObjectStore, copied: CopyLimits): Promise<void> {
  for await (const { key } of from.list(PREFIX, copied.limits)) {
    const bytes = await from.get(key, copied.limits);
    if (!bytes) continue;
    unsealJson(key, bytes);
    await storeCopy(to, key, bytes, copied);
  }
}

/** Returns when databases were promoted (epoch milliseconds). Throws `ValidationError` naming an object that was changed. */
export async function promotionTimes(store: ObjectStore, options?: CallOptions): Promise<number[]> {
  const times: number[] = [];
  for await (const { key } of store.list(PREFIX, options)) {
    const bytes = await store.get(key, options);
    if (bytes) times.push(unsealJson<{ readonly promotedAt: number }>(key, bytes).promotedAt);
  }
  return times;
}
