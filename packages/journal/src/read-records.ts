import { errorCode, type FileHandle } from '@quantumtrade/dal-runtime/fs';
import { scanRecords } from './format/scan.js';
import type { SegmentStore } from './segments/segment-store.js';
import type { Segment } from './segments/segment.js';

/** A record as it was appended. */
export interface JournalRecord {
  readonly id: string;
  /** The appended bytes as one array. */
  readonly payload: Uint8Array;
  /** Position in the journal: grows from record to record, with gaps. */
  readonly position: number;
}

export interface JournalReadOptions {
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal;
  /** Whether to wait for new records at the end. @default true */
  readonly follow?: boolean;
}

/** Yields the durable records after a position, in order. */
export async function* readRecords(
  store: SegmentStore,
  after: number,
  { signal, follow = true }: JournalReadOptions,
  isClosed: () => boolean,
): AsyncGenerator<JournalRecord, void> {
  const ended = () => signal?.aborted || isClosed();
  let position = after;
  while (!ended()) {
    const segment = store.segments.find(({ sequences }) => sequences.last > position);
    if (segment === undefined) {
      if (!follow) return;
      await store.changes.wait(signal);
      continue;
    }
    const file = await openSegment(store, segment);
    if (file === undefined) continue;
    try {
      for (let start = 0; segment.sequences.last > position;) {
        const end = segment.bytes;
        for await (const record of readRange(store, segment, file, start, end, position)) {
          if (ended()) return;
          yield record;
          position = record.position;
        }
        start = end;
        // Only the last segment grows while it is read.
        while (follow && !ended() && segment === store.segments.at(-1) && segment.bytes === end) {
          await store.changes.wait(signal);
        }
        if (segment.bytes === end) position = Math.max(position, segment.sequences.last);
      }
    } finally {
      await file.close();
    }
  }
}

async function* readRange(
  store: SegmentStore,
  segment: Segment,
  file: FileHandle,
  start: number,
  end: number,
  after: number,
): AsyncGenerator<JournalRecord, void> {
  let position = after;
  for await (const found of scanRecords(file, { start, end, salt: segment.salt })) {
    if (found.kind === 'damage') {
      await store.quarantine(segment, file, found);
    } else if (found.sequence > position && found.sequence < segment.before) {
      position = found.sequence;
      yield { id: found.id, payload: found.payload, position };
    }
  }
}

/** Opens the segment's file. Returns undefined when it was delivered and removed meanwhile. */
async function openSegment(store: SegmentStore, segment: Segment): Promise<FileHandle | undefined> {
  try {
    return await store.fs.open(store.path(segment.name), 'read');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' && !store.segments.includes(segment)) return undefined;
    throw error;
  }
}
