import type { CallOptions, EncodedBlock } from '@quantumtrade/dal-domain';
import { requireRecord, ValidationError } from '@quantumtrade/dal-domain';
import type { ObjectStore, RestoreTarget } from '@quantumtrade/dal-domain/operations';
import { forEachConcurrently } from '@quantumtrade/dal-runtime';
import type { ArchiveCopy } from '../archive/archive-copy.js';
import type { ArchivedBytes } from '../archive/whole-blocks.js';
import { WriterArchive } from '../archive/writer-archive.js';
import { ALLOWED_CLOCK_DIFFERENCE_MS } from './clock-difference.js';
import { ArchiveIndex } from './archive-index.js';

/** A backup that a restore may begin with. */
export interface BaseBackup {
  readonly id: string;
  readonly database: string;
  readonly startedAt: Date;
  readonly completedAt: Date;
}

export interface RecoveryParts {
  readonly store: ObjectStore;
  /** Backups of one database, in any order. */
  readonly backups: readonly BaseBackup[];
  /** When restored databases were promoted (epoch milliseconds). */
  readonly promotions: readonly number[];
  /** State of the copies, where the store has copies of another one. */
  readonly copy: ArchiveCopy | undefined;
  /** Restores a backup into a new database with the newest version of the schema, and leaves its completion to the caller. */
  readonly restore: (backup: BaseBackup) => Promise<RestoreTarget>;
}

export interface RecoveryOptions extends CallOptions {
  /** Instant to restore to; `latest` is the last one that the archives of all writers reach. */
  readonly to: Date | 'latest';
  /** Blocks that journals and transaction logs had acknowledged and not delivered. @default none */
  readonly undelivered?: AsyncIterable<EncodedBlock> | undefined;
  /** Largest difference between the clocks of writers and of those who made the backups. @default 300,000 (milliseconds) */
  readonly allowedClockDifferenceMs?: number;
}

/** Result of a restore to an instant. The database is not in use yet. */
export interface RecoveredDatabase {
  readonly database: string;
  readonly backup: string;
  /** Every write that was acknowledged at this instant or before is there, and none that began later. */
  readonly recoveryPoint: Date;
  /** Duration of the restore, the recovery time (milliseconds). */
  readonly recoveryMs: number;
  /** Blocks since the backup that were replayed, and their rows. Rows that the backup had are among them. */
  readonly blocks: number;
  readonly rows: number;
  /** Those of these blocks that came from a journal or a transaction log. */
  readonly undeliveredBlocks: number;
}

const OPERATION = 'restore';

/** Batches that are replayed at the same time; each is in memory meanwhile. Versions decide which row wins, not the order of blocks. */
const CONCURRENT_BATCHES = 2;
/** Blocks of one record that are replayed together, unless their rows or bytes are more. */
const BATCH = { blocks: 1_000, rows: 100_000, bytes: 2 ** 25 };

/**
 * Restores a database to an instant: the newest backup that was completed by then, and the archived blocks that were acknowledged
 * by then. Throws `ValidationError` when an archive does not reach the instant, or an object is missing or changed; then nothing
 * is left of the database.
 */
export async function recoverDatabase(
  { store, backups, promotions, copy, restore }: RecoveryParts,
  options: RecoveryOptions,
): Promise<RecoveredDatabase> {
  const started = performance.now();
  const { undelivered, allowedClockDifferenceMs = ALLOWED_CLOCK_DIFFERENCE_MS, to, ...limits } = options;
  const archives = await WriterArchive.list(store, backups[0]?.database, limits);
  const instant = requireReached(archives, copy, to, backups);
  const indexes = archives.map((archive) => new ArchiveIndex(archive));
  const promotedAt = Math.max(0, ...promotions.filter((promotion) => promotion <= instant));
  const usable = backups.filter(({ startedAt }) => startedAt.getTime() >= promotedAt);
  const backup = await chooseBackup(usable, indexes, instant, allowedClockDifferenceMs, limits);
  const from = Math.max(promotedAt, backup.startedAt.getTime() - allowedClockDifferenceMs);
  for (const index of indexes) index.requireUndamaged(instant);
  const isNeeded = (block: { readonly acknowledgedAt?: number }) => (block.acknowledgedAt ?? 0) <= instant;
  const archived = inOrder(indexes.map((index) => index.blocks(from, isNeeded, limits)));
  const target = await restore(backup);
  const counts = { blocks: 0, rows: 0, undeliveredBlocks: 0 };
  try {
    const batches = batchesOf(eachOnce(archived, undelivered, isNeeded));
    await forEachConcurrently(batches, CONCURRENT_BATCHES, async (batch) => {
      const blocks = batch.map(({ block }) => block);
      await target.replay(requireRecord(blocks[0]!.record, OPERATION).table, blocks, limits);
      counts.blocks += blocks.length;
      for (const { block, isUndelivered } of batch) {
        counts.rows += block.rowCount;
        if (isUndelivered) counts.undeliveredBlocks++;
      }
    });
    await target.complete(limits);
  } catch (error) {
    await target.drop().catch(() => undefined);
    throw error;
  }
  return {
    database: target.database,
    backup: backup.id,
    recoveryPoint: new Date(instant),
    recoveryMs: performance.now() - started,
    ...counts,
  };
}

/** Returns the instant to restore to. Throws `ValidationError` without an archive, and when it is later than the archive of a writer, or the copies, reach. */
function requireReached(
  archives: readonly WriterArchive[],
  copy: ArchiveCopy | undefined,
  to: Date | 'latest',
  backups: readonly BaseBackup[],
): number {
  if (archives.length === 0) {
    const reason = 'needs an archive of what was written, and the store has none: restore a backup as it is';
    throw new ValidationError('to', reason, { operation: OPERATION });
  }
  const open = archives.map(({ position }) => position).filter(({ isClosed }) => !isClosed);
  open.sort((a, b) => a.completeTo - b.completeTo);
  const [least] = open;
  const wanted = to === 'latest' ? (least?.completeTo ?? lastInstant(archives, backups)) : to.getTime();
  const refuse = (whose: string, completeTo: number) => {
    const reason = `is later than ${whose}: ${new Date(completeTo).toISOString()}`;
    throw new ValidationError('to', reason, { operation: OPERATION });
  };
  if (least && wanted > least.completeTo)
    refuse(`the archive of writer ${least.writer} reaches`, least.completeTo);
  if (!copy || wanted <= copy.reachesTo || wanted >= (copy.usedSince ?? Infinity)) return wanted;
  if (to !== 'latest') refuse('the copies in this store reach', copy.reachesTo);
  return copy.reachesTo;
}

/** Returns the last instant of which anything is known when all writers have ended. */
const lastInstant = (archives: readonly WriterArchive[], backups: readonly BaseBackup[]): number =>
  Math.max(
    ...archives.map(({ position }) => position.completeTo),
    ...backups.map(({ completedAt }) => completedAt.getTime()),
  );

/**
 * Returns the newest backup that was completed by the instant and has no row of a write that was acknowledged later; such a
 * write began before the backup was completed.
 */
async function chooseBackup(
  backups: readonly BaseBackup[],
  indexes: readonly ArchiveIndex[],
  instant: number,
  allowedClockDifferenceMs: number,
  limits: CallOptions,
): Promise<BaseBackup> {
  const candidates = backups.filter(({ completedAt }) => completedAt.getTime() <= instant);
  candidates.sort((a, b) => b.completedAt.getTime() - a.completedAt.getTime());
  for (const backup of candidates) {
    const completedAt = backup.completedAt.getTime();
    let isLater = false;
    for (const index of indexes) {
      await index.readBackTo(backup.startedAt.getTime() - allowedClockDifferenceMs, limits);
      for (const head of index.heads()) {
        if (head.begunAt < completedAt && head.acknowledgedAt > instant) isLater = true;
      }
    }
    if (!isLater) return backup;
  }
  const oldest = Math.min(...backups.map(({ completedAt }) => completedAt.getTime()));
  const known = backups.length === 0 ? 'there is none' : `the first is of ${new Date(oldest).toISOString()}`;
  const reason = `${new Date(instant).toISOString()} has no backup before it, since the last promotion, that it can be restored from: ${known}`;
  throw new ValidationError('to', reason, { operation: OPERATION });
}

interface BlockToReplay {
  readonly block: EncodedBlock;
  readonly isUndelivered: boolean;
}

/** Yields the archived blocks and then the needed ones of those that were not delivered, each id once. */
async function* eachOnce(
  archived: AsyncIterable<ArchivedBytes>,
  undelivered: AsyncIterable<EncodedBlock> | undefined,
  isNeeded: (block: EncodedBlock) => boolean,
): AsyncGenerator<BlockToReplay, void> {
  const ids = new Set<string>();
  const isNew = ({ id }: EncodedBlock) => !ids.has(id) && ids.add(id);
  for await (const { head, bytes } of archived) {
    const block = { ...head, bytes };
    if (isNew(block)) yield { block, isUndelivered: false };
  }
  for await (const block of undelivered ?? []) {
    if (isNeeded(block) && isNew(block)) yield { block, isUndelivered: true };
  }
}

/** Gathers the blocks of each record into batches. */
async function* batchesOf(
  blocks: AsyncIterable<BlockToReplay>,
): AsyncGenerator<readonly BlockToReplay[], void> {
  const open = new Map<string, { batch: BlockToReplay[]; rows: number; bytes: number }>();
  for await (const each of blocks) {
    const { record, rowCount, bytes } = each.block;
    const gathered = open.get(record) ?? { batch: [], rows: 0, bytes: 0 };
    open.set(record, gathered);
    gathered.batch.push(each);
    gathered.rows += rowCount;
    gathered.bytes += bytes.length;
    const isFull =
      gathered.batch.length >= BATCH.blocks || gathered.rows >= BATCH.rows || gathered.bytes >= BATCH.bytes;
    if (!isFull) continue;
    open.delete(record);
    yield gathered.batch;
  }
  for (const { batch } of open.values()) yield batch;
}

/** Merges the blocks of several archives by the times at which they were stored. */
async function* inOrder(
  sources: readonly AsyncGenerator<ArchivedBytes, void>[],
): AsyncGenerator<ArchivedBytes, void> {
  const heads = await Promise.all(sources.map(async (source) => ({ source, next: await source.next() })));
  for (;;) {
    const open = heads.filter(({ next }) => !next.done);
    if (open.length === 0) return;
    const first = open.reduce((a, b) => (storedAt(b) < storedAt(a) ? b : a));
    yield first.next.value as ArchivedBytes;
    first.next = await first.source.next();
  }
}

const storedAt = ({ next }: { next: IteratorResult<ArchivedBytes, void> }): number =>
  (next.value as ArchivedBytes).head.storedAt;
