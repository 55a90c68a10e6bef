import { errorCode, type FileHandle } from '@quantumtrade/dal-runtime/fs';
import { scanRecords, type ScannedDamage } from '../format/scan.js';
import { parseSegmentNames, type Segment } from './segment.js';
import type { SegmentStore } from './segment-store.js';

/** Finds the segments in the directory and their intact records, and cuts off unfinished writes. */
export async function recover(store: SegmentStore, cursor: number): Promise<void> {
  const { fs, directory } = store;
  const segments: Segment[] = [];
  let before = Infinity;
  for (const segment of parseSegmentNames(await fs.list(directory)).reverse()) {
    segment.before = before;
    if (!(await recoverSegment(store, segment))) continue;
    segments.unshift(segment);
    // A file without an intact record may be stray: its name then says nothing about the segment before it.
    if (segment.sequences.last > 0) before = segment.first;
  }
  store.segments.push(...segments);
  store.next = Math.max(cursor, ...segments.map(({ sequences }) => sequences.last)) + 1;
  await store.reclaim(cursor);
  // A removed segment that came back after a crash would claim the sequences of a newer one.
  await fs.syncDirectory(directory);
}

/** Scans one segment. Returns false when its path is not a regular file. */
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
      else if (segment.owns(found.sequence)) segment.sequences.add(found.sequence);
    }
    // A killed process may have left intact records in the page cache alone: they must be durable before they are delivered.
    await file.sync();
  } finally {
    await file.close();
  }
  return true;
}

/** Error codes of a directory, a socket, and a link that leads nowhere or to itself. */
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
  const isComplete = isTail && !isLast && segment.sequences.last + 1 >= segment.before;
  // The last segment's tail may be a complete record that was damaged later: copy it before cutting it off.
  const kept =
    (isTail && isLast && unfinished) || isComplete || (await store.quarantine(segment, file, damage));
  if (!kept || !isTail || !(isLast || isComplete)) return;
  await file.truncate(start);
  segment.bytes = start;
  store.truncated.tails++;
  store.truncated.bytes += end - start;
  store.emit({ type: 'tail-truncated', segment: segment.name, start, bytes: end - start });
}
