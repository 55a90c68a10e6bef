import { errorCode, type FileHandle } from '@quantumtrade/dal-runtime/fs';
import { scanRecords, type ScannedDamage } from '../format/scan.js';
import { segmentsAmong, type Segment } from './segment.js';
import type { SegmentStore } from './segment-store.js';

/** Finds the segments in the directory and what is intact in them, cuts off what was never finished. */
export async function recover(store: SegmentStore, cursor: number): Promise<void> {
  const { fs, directory } = store;
  const segments: Segment[] = [];
  let before = Infinity;
  for (const segment of segmentsAmong(await fs.list(directory)).reverse()) {
    segment.before = before;
    if (!(await recoverSegment(store, segment))) continue;
    segments.unshift(segment);
    // Without a record of its own it may be a stray file, whose name says nothing about the segment before it.
    if (segment.sequences.last > 0) before = segment.first;
  }
  store.segments.push(...segments);
  store.next = Math.max(cursor, ...segments.map(({ sequences }) => sequences.last)) + 1;
  await store.reclaim(cursor);
  // An empty segment that came back later would claim sequences that a new one has by then.
  await fs.syncDirectory(directory);
}

/** Returns false where what has the segment's name is no file. */
async function recoverSegment(store: SegmentStore, segment: Segment): Promise<boolean> {
  const path = store.path(segment.name);
  const file = await store.fs.open(path, 'write').catch((error: unknown) => {
    if (!NOT_A_FILE.has(errorCode(error))) throw error;
    return undefined;
  });
  if (!file) {
    store.emit({ type: 'not-a-file', path });
    return false;
  }
  try {
    segment.bytes = await file.size();
    for await (const found of scanRecords(file, { start: 0, end: segment.bytes, salt: segment.salt })) {
      if (found.kind === 'damage') await repair(store, segment, file, found);
      else if (segment.takes(found.sequence)) segment.sequences.add(found.sequence);
    }
    // A process that was killed may have left intact records that only the page cache knows: what is delivered must not
    // vanish before it is delivered whole.
    await file.sync();
  } finally {
    await file.close();
  }
  return true;
}

/** A directory, a socket, a link that leads nowhere or to itself. */
const NOT_A_FILE: ReadonlySet<string | undefined> = new Set(['EISDIR', 'ENXIO', 'ELOOP', 'ENOENT']);

async function repair(
  store: SegmentStore,
  segment: Segment,
  file: FileHandle,
  damage: ScannedDamage,
): Promise<void> {
  const { start, end, unfinished } = damage;
  const isTail = end === segment.bytes;
  const isLast = segment.before === Infinity;
  const missesNothing = isTail && !isLast && segment.sequences.last + 1 >= segment.before;
  // The last segment's tail may be a finished record that was damaged later: it is copied before it is cut off.
  const kept =
    (isTail && isLast && unfinished) || missesNothing || (await store.quarantine(segment, file, damage));
  if (!kept || !isTail || !(isLast || missesNothing)) return;
  await file.truncate(start);
  segment.bytes = start;
  store.truncated.tails++;
  store.truncated.bytes += end - start;
  store.emit({ type: 'tail-truncated', segment: segment.name, start, bytes: end - start });
}
