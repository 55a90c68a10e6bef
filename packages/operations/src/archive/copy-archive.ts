import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
import { keysOf, requireKnownKeys, systemClock, ValidationError } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { forEachConcurrently } from '@quantumtrade/dal-runtime';
import { type CopyLimits, getUndamaged, putOptions, storeCopy } from '../backup/stored-bytes.js';
import { storeLastCopy } from '../backup/results.js';
import { copyPromotions } from '../recovery/promotions.js';
import { putArchiveCopy, readArchiveCopy } from './archive-copy.js';
import { archivePrefix, positionKey, writerOf } from './keys.js';
import { type ArchivePosition, putPosition, readPosition } from './position.js';
import { putFirstKept, readFirstKept } from './pruned-archive.js';
import { damaged, decodeSegment, type ArchiveSegment } from './segment.js';
import { WriterArchive } from './writer-archive.js';

const OPERATION = 'archive.copy';
/** Writers whose archives are copied at once, with a segment of each in memory. */
const CONCURRENT_WRITERS = 4;

export interface CopyArchiveOptions extends CallOptions {
  /** Time for which copied segments can be neither deleted nor replaced. The second store must be able to lock objects. @default 0 (days) */
  readonly retainDays?: number;
  /** @default the system's clock */
  readonly clock?: TimeSource;
}

const KNOWN = keysOf<CopyArchiveOptions>({
  ...{ signal: true, deadline: true, priority: true },
  ...{ retainDays: true, clock: true },
});

/** Result of copying the archives of a store. */
export interface CopiedArchive {
  /** Latest instant that can be restored from the second store. */
  readonly reachesTo: Date;
  readonly writers: number;
  /** Number and size of the segments that were copied. */
  readonly segments: number;
  readonly bytes: number;
  /** Number of segments that the second store had already. */
  readonly present: number;
}

/**
 * Copies the archives of all writers, and the records of promotions, to a second store, from which restores to an instant are made then. Writers may go on
 * meanwhile: what they ship later is copied by the next call. The result is kept in the first store for `backupStatus`, unless there is no archive. The segments of a writer are copied in their order and its position after them, so
 * that a call that failed leaves what could be restored before, and the next one goes on. Segments that an earlier call has copied are
 * not read again. Throws `ValidationError` naming an object that is damaged in the first store, or that is another one in the second.
 */
export async function copyArchive(
  from: ObjectStore,
  to: ObjectStore,
  options: CopyArchiveOptions = {},
): Promise<CopiedArchive> {
  requireKnownKeys(options, KNOWN, OPERATION);
  const { retainDays = 0, clock = systemClock, ...limits } = options;
  const puts = putOptions(limits, retainDays, clock, OPERATION);
  // A writer that is not listed has no block that was stored before this.
  const before = clock.now() - 1;
  const archives = await WriterArchive.list(from, undefined, limits);
  const keys = await keysIn(to, limits);
  const reached = await claim(to, keys, limits);
  const copying = { ...{ from, to, keys, reached }, copied: { limits, puts, operation: OPERATION } };
  const sum = { segments: 0, bytes: 0, present: 0 };
  await forEachConcurrently(archives, CONCURRENT_WRITERS, (archive) => copyWriter(copying, archive, sum));
  const open = archives.map(({ position }) => position).filter(({ isClosed }) => !isClosed);
  // Without any archive, nothing is known of what was written.
  const reachesTo =
    archives.length === 0 ? reached : Math.min(before, ...open.map(({ completeTo }) => completeTo));
  await copyPromotions(from, to, copying.copied);
  await putArchiveCopy(to, { reachesTo }, limits);
  const copiedAt = new Date(clock.now()).toISOString();
  const result = { to: to.location, copiedAt, reachesTo: new Date(reachesTo).toISOString() };
  if (archives.length > 0) await storeLastCopy(from, result, limits);
  return { reachesTo: new Date(reachesTo), writers: archives.length, ...sum };
}

async function keysIn(store: ObjectStore, options: CallOptions): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for await (const { key } of store.list(archivePrefix(), options)) keys.add(key);
  return keys;
}

/** Makes a store one of copies, and returns the instant up to which it reaches. Throws `ValidationError` where writers archive in it. */
async function claim(store: ObjectStore, keys: ReadonlySet<string>, options: CallOptions): Promise<number> {
  const copy = await readArchiveCopy(store, options);
  const isOwn = copy ? copy.usedSince !== undefined : [...keys].some((key) => writerOf(key) !== undefined);
  if (isOwn) {
    const reason = `the archive in ${store.location} is one in use: copy to another store`;
    throw new ValidationError('to', reason, { operation: OPERATION });
  }
  if (!copy) await putArchiveCopy(store, { reachesTo: 0 }, options);
  return copy?.reachesTo ?? 0;
}

interface Copying {
  readonly from: ObjectStore;
  readonly to: ObjectStore;
  /** Keys of the archive in the second store. */
  readonly keys: ReadonlySet<string>;
  /** Instant up to which the second store reached before. */
  readonly reached: number;
  readonly copied: CopyLimits;
}

/** Copies what the second store lacks of a writer's archive, up to its position. */
async function copyWriter(
  { from, to, keys, reached, copied }: Copying,
  archive: WriterArchive,
  sum: { segments: number; bytes: number; present: number },
): Promise<void> {
  const { writer, position } = archive;
  const { limits } = copied;
  const former = await formerPosition(to, position, reached, limits);
  requireOneArchive(former, position, from);
  let first = Math.max(archive.first, await readFirstKept(to, writer, limits));
  if (archive.first > former.sequence + 1) {
    // Segments were removed before they were copied: older copies lead nowhere.
    await putFirstKept(to, writer, archive.first, limits);
    first = archive.first;
  }
  for (let sequence = first; sequence <= position.sequence; sequence++) {
    if (sequence <= former.sequence && keys.has(archive.keyOf(sequence))) {
      sum.present++;
      continue;
    }
    const segment = await archive.segment(sequence, limits);
    if (sequence === former.sequence + 1 && former.hash !== null && segment.previous !== former.hash) {
      throw otherArchive(writer, from);
    }
    if (await copySegment(to, archive.keyOf(sequence), segment, copied)) {
      sum.segments++;
      sum.bytes += segment.bytes.length;
    } else sum.present++;
  }
  await putPosition(to, position, limits);
}

/** Returns the position of a writer in the second store. One that is new there has no block from before the former copying. */
async function formerPosition(
  store: ObjectStore,
  { writer, database }: ArchivePosition,
  reached: number,
  options: CallOptions,
): Promise<ArchivePosition> {
  const found = await readPosition(store, writer, options);
  if (found) return found;
  const position = { writer, database, completeTo: reached, isClosed: false, sequence: 0, hash: null };
  await putPosition(store, position, options);
  return position;
}

/** Throws `ValidationError` when the position in the second store cannot be one from before this one. */
function requireOneArchive(former: ArchivePosition, position: ArchivePosition, from: ObjectStore): void {
  const isOne = former.sequence === position.sequence && former.hash === position.hash;
  if (former.sequence >= position.sequence && !isOne) throw otherArchive(position.writer, from);
}

const otherArchive = (writer: string, { location }: ObjectStore): ValidationError =>
  damaged(
    positionKey(writer),
    `is not from before that in ${location}: another store was copied, or another process copies`,
  );

/** Returns whether the segment was copied, or was there. Replaces one only that is damaged. */
async function copySegment(
  store: ObjectStore,
  key: string,
  { bytes, hash }: ArchiveSegment,
  copied: CopyLimits,
): Promise<boolean> {
  const found = await getUndamaged(store, key, copied.limits);
  const other = typeof found === 'string' ? undefined : hashOf(key, found);
  if (other !== undefined && other !== hash) {
    throw damaged(key, `is another segment in ${store.location}, and is whole`);
  }
  return storeCopy(store, key, bytes, copied);
}

/** Returns the hash of a segment; undefined when it is damaged. */
function hashOf(key: string, bytes: Uint8Array): string | undefined {
  try {
    return decodeSegment(key, bytes).hash;
  } catch {
    return undefined;
  }
}
