import type { CallOptions } from '@quantumtrade/dal-domain';
import { keysOf, requireKnownKeys } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { listBackups } from '../backup/catalog.js';
import { ALLOWED_CLOCK_DIFFERENCE_MS } from '../recovery/clock-difference.js';
import { archivePrefix, segmentKey, sequenceOf } from './keys.js';
import { putFirstKept } from './pruned-archive.js';
import { WriterArchive } from './writer-archive.js';

export interface PruneArchiveOptions extends CallOptions {
  /** Blocks that were stored at this instant or later are kept. @default the beginning of the oldest backup */
  readonly before?: Date;
  /** Largest difference between the clocks of writers and of those who made the backups. @default 300,000 (milliseconds) */
  readonly allowedClockDifferenceMs?: number;
  /** Deletes nothing and returns what would be deleted. @default false */
  readonly dryRun?: boolean;
}

const KNOWN = keysOf<PruneArchiveOptions>({
  ...{ signal: true, deadline: true, priority: true },
  ...{ before: true, allowedClockDifferenceMs: true, dryRun: true },
});

/**
 * Deletes the segments that no restore from the oldest backup needs. Keeps the last segment of each writer, and everything where
 * there is no backup. Returns how many were deleted. After a failure the same call deletes the rest.
 */
export async function pruneArchive(
  store: ObjectStore,
  options: PruneArchiveOptions = {},
): Promise<{ readonly segments: number }> {
  requireKnownKeys(options, KNOWN, 'archive.prune');
  const {
    before,
    allowedClockDifferenceMs = ALLOWED_CLOCK_DIFFERENCE_MS,
    dryRun = false,
    ...limits
  } = options;
  const oldest = before ?? (await oldestBackup(store, limits));
  if (!oldest) return { segments: 0 };
  const instant = oldest.getTime() - allowedClockDifferenceMs;
  let segments = 0;
  for (const archive of await WriterArchive.list(store, undefined, limits)) {
    const firstKept = await firstNeeded(archive, instant, limits);
    if (firstKept > archive.first && !dryRun) {
      // Written before the first deletion: a segment that is missing from it on was not pruned.
      await putFirstKept(store, archive.writer, firstKept, limits);
    }
    const keys = await segmentsBefore(store, archive.writer, firstKept, limits);
    if (!dryRun) await store.deleteMany(keys, limits);
    segments += keys.length;
  }
  return { segments };
}

/** Returns when the oldest usable backup began. */
async function oldestBackup(store: ObjectStore, options: CallOptions): Promise<Date | undefined> {
  const backups = await listBackups(store, options);
  const startedAt = backups.find((backup) => backup.startedAt !== undefined)?.startedAt;
  return startedAt === undefined ? undefined : new Date(startedAt);
}

/** Returns the number of the first segment that has a block stored at an instant or later, or is the last one. */
async function firstNeeded(archive: WriterArchive, instant: number, options?: CallOptions): Promise<number> {
  for (let sequence = archive.first; sequence < archive.last; sequence++) {
    const { entries } = await archive.segment(sequence, options);
    if (entries.some(({ head }) => head.storedAt >= instant)) return sequence;
  }
  return Math.max(archive.first, archive.last);
}

async function segmentsBefore(
  store: ObjectStore,
  writer: string,
  sequence: number,
  options?: CallOptions,
): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(archivePrefix(writer), options)) {
    const found = sequenceOf(key);
    if (found !== undefined && found < sequence) keys.push(segmentKey(writer, found));
  }
  return keys;
}
