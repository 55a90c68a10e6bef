import { join } from 'node:path';
import {
  ignoreMissing,
  type FileHandle,
  type FileSystem,
  nodeFileSystem,
} from '@quantumtrade/dal-runtime/fs';
import { scanRecords, type ScannedDamage } from './format/scan.js';
import { diskError, JournalError } from './journal-error.js';
import type { JournalRecord } from './read-records.js';
import { Cursor } from './segments/cursor.js';
import { parseSegmentNames, type Segment } from './segments/segment.js';

/**
 * Yields the records of a journal that are not delivered, in order, without opening it: nothing is changed, and another process
 * may have it open. A record that is being written may be missing.
 * @throws JournalError `IO` when the directory cannot be read or a record is damaged
 */
export async function* readJournal(
  directory: string,
  fs: FileSystem = nodeFileSystem,
): AsyncGenerator<JournalRecord, void> {
  try {
    const cursor = await new Cursor(fs, directory).peek();
    for (const segment of await findSegments(fs, directory)) {
      if (segment.before - 1 > cursor) yield* readSegment(fs, directory, segment, cursor);
    }
  } catch (error) {
    throw diskError(`Journal ${directory} could not be read`, error);
  }
}

/** Returns the segments with the sequences that each owns. */
async function findSegments(fs: FileSystem, directory: string): Promise<Segment[]> {
  const segments: Segment[] = [];
  let before = Infinity;
  for (const segment of parseSegmentNames(await fs.list(directory)).reverse()) {
    segment.before = before;
    const file = await openIfThere(fs, directory, segment);
    segment.bytes = (await file?.size()) ?? 0;
    for await (const found of scan(file, segment)) {
      if (found.kind === 'record' && segment.owns(found.sequence)) segment.sequences.add(found.sequence);
    }
    if (segment.sequences.last > 0) before = segment.first;
    segments.unshift(segment);
  }
  return segments;
}

async function* readSegment(
  fs: FileSystem,
  directory: string,
  segment: Segment,
  after: number,
): AsyncGenerator<JournalRecord, void> {
  let position = after;
  for await (const found of scan(await openIfThere(fs, directory, segment), segment)) {
    if (found.kind === 'damage') requireUnfinished(segment, found);
    else if (found.sequence > position && found.sequence < segment.before) {
      position = found.sequence;
      yield { id: found.id, payload: found.payload, position };
    }
  }
}

/** Throws unless a damaged range is the end of a write that did not finish. */
function requireUnfinished(segment: Segment, { start, end, unfinished }: ScannedDamage): void {
  const isTail = end === segment.bytes;
  const isLast = segment.before === Infinity;
  const isComplete = !isLast && segment.sequences.last + 1 >= segment.before;
  if (isTail && ((isLast && unfinished) || isComplete)) return;
  throw new JournalError('IO', `Bytes ${start} to ${end} of ${segment.name} are damaged`);
}

/** Opens a segment; returns undefined when it was delivered and removed meanwhile. */
const openIfThere = (fs: FileSystem, directory: string, { name }: Segment): Promise<FileHandle | undefined> =>
  ignoreMissing(fs.open(join(directory, name), 'read'));

/** Yields what a file contains, and closes it. */
async function* scan(file: FileHandle | undefined, { bytes, salt }: Segment) {
  if (!file) return;
  try {
    yield* scanRecords(file, { start: 0, end: bytes, salt });
  } finally {
    await file.close();
  }
}
