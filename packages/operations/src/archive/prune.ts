import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { archivePrefix, prunedKey, segmentKey, sequenceOf } from './keys.js';
import { sealJson } from './sealed-json.js';
import type { PrunedArchive } from './writer-archive.js';
import { WriterArchive } from './writer-archive.js';

/**
 * Deletes the segments whose blocks were all stored before an instant: that at which the oldest kept backup began, less the
 * allowed difference of clocks. Keeps the last segment of each writer. Returns how many were deleted. After a failure the same
 * call deletes the rest.
 */
export async function pruneArchive(
  store: ObjectStore,
  before: Date,
  options?: CallOptions,
): Promise<{ readonly segments: number }> {
  let segments = 0;
  for (const archive of await WriterArchive.list(store, undefined, options)) {
    const firstKept = await firstNeeded(archive, before.getTime(), options);
    if (firstKept > archive.first) {
      // Written before the first deletion: a segment that is missing from it on was not pruned.
      const pruned: PrunedArchive = { firstKept };
      await store.put(prunedKey(archive.writer), sealJson(pruned), options);
    }
    const keys = await segmentsBefore(store, archive.writer, firstKept, options);
    await store.deleteMany(keys, options);
    segments += keys.length;
  }
  return { segments };
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
