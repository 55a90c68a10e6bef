import type { EncodedRecord } from '../format/record.js';
import { diskError, JournalError } from '../journal-error.js';
import type { Cursor } from '../segments/cursor.js';
import type { SegmentStore } from '../segments/segment-store.js';
import type { Segment } from '../segments/segment.js';
import { ActiveSegment } from './active-segment.js';
import type { PendingAppend } from './pending-append.js';

export interface WriterLimits {
  readonly segmentBytes: number;
  readonly maxBytes: number;
}

/** One write and one sync carry at most about this much, so that early callers don't wait for late ones' bytes. */
const groupBytes = 8 * 1024 * 1024;

/**
 * Writes appends in the order they came. While the disk syncs one group, the next one gathers.
 *
 * After a failed sync the kernel may have dropped the pages and called them clean, so a second sync of the same file
 * would succeed over lost data. The file gets no more records; the group is written once more, to a new file, and
 * acknowledged only after that one's sync.
 */
export class Writer {
  readonly #store: SegmentStore;
  readonly #cursor: Cursor;
  readonly #limits: WriterLimits;
  #queue: PendingAppend[] = [];
  #active: ActiveSegment | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #closing = false;
  lastSyncMs: number | undefined;

  constructor(store: SegmentStore, cursor: Cursor, limits: WriterLimits) {
    this.#store = store;
    this.#cursor = cursor;
    this.#limits = limits;
  }

  /** Appends that wait for room or for the disk. */
  get waiting(): number {
    return this.#queue.length;
  }

  append(append: PendingAppend): void {
    this.#queue.push(append);
    this.pump();
  }

  withdraw(append: PendingAppend): void {
    const at = append.writing ? -1 : this.#queue.indexOf(append);
    if (at === -1) return;
    this.#queue.splice(at, 1);
    this.pump();
  }

  /** Goes on with the queue where it may have stood still for want of room. */
  pump(): void {
    this.#again = true;
    this.#running ??= this.#run();
  }

  /** Rejects what waits for room, writes the rest, and leaves the files. */
  async close(): Promise<void> {
    this.#closing = true;
    this.pump();
    await this.#running;
    await this.#retire();
  }

  /** Rejects what the disk doesn't have in hand yet. */
  abandon(): void {
    for (const append of this.#queue.splice(0)) append.reject(closed());
  }

  async #run(): Promise<void> {
    // Appends of the same turn share the first group.
    await Promise.resolve();
    while (this.#again) {
      this.#again = false;
      await this.#drain();
    }
    this.#running = undefined;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      if (!this.#hasRoom() && !(await this.#makeRoom())) return;
      const group = this.#takeGroup();
      if (group.length > 0) await this.#commit(group);
    }
  }

  #hasRoom(): boolean {
    const head = this.#queue[0];
    return head === undefined || this.#store.bytes + head.record.bytes <= this.#limits.maxBytes;
  }

  /** Gives up the active segment if it is delivered. Returns false where there is nothing to do but wait. */
  async #makeRoom(): Promise<boolean> {
    const { last } = this.#active?.segment.sequences ?? { last: Infinity };
    if (last <= this.#cursor.position) await this.#retire();
    try {
      await this.#store.reclaim(this.#cursor.position);
    } catch (error) {
      // With nothing left to deliver no advance would come that tries again.
      if (this.#store.pending(this.#cursor.position) === 0) this.#queue.shift()?.reject(error);
      return this.#store.pending(this.#cursor.position) === 0;
    }
    if (this.#hasRoom()) return true;
    if (this.#closing) this.abandon();
    return false;
  }

  #takeGroup(): PendingAppend[] {
    const { segmentBytes, maxBytes } = this.#limits;
    const room = Math.min(groupBytes, segmentBytes, maxBytes - this.#store.bytes);
    let bytes = 0;
    let count = 0;
    for (const { record } of this.#queue) {
      if (count > 0 && bytes + record.bytes > room) break;
      bytes += record.bytes;
      count++;
    }
    const group = this.#queue.splice(0, count);
    for (const append of group) append.writing = true;
    return group;
  }

  async #commit(group: readonly PendingAppend[]): Promise<void> {
    try {
      await this.#writeDurably(group.map(({ record }) => record));
    } catch (error) {
      const reason = diskError('The append failed', error, true);
      for (const append of group) append.reject(reason);
      return;
    }
    this.#store.changes.notify();
    for (const append of group) append.resolve();
  }

  async #writeDurably(records: readonly EncodedRecord[]): Promise<void> {
    const bytes = records.reduce((sum, record) => sum + record.bytes, 0);
    const filled = this.#active?.segment.bytes ?? 0;
    if (filled > 0 && filled + bytes > this.#limits.segmentBytes) await this.#retire();
    const first = this.#store.next;
    try {
      await this.#write(records, first);
    } catch (error) {
      if (!(error instanceof SyncFailure)) throw error;
      this.#store.emit({ type: 'sync-failed', segment: error.segment.name, cause: error.cause });
      // A segment owns its sequences up to the next one's first, so the new one disowns what the old one may have kept.
      await this.#write(records, Math.max(first, error.segment.first + 1)).catch((again: unknown) => {
        throw again instanceof SyncFailure ? again.cause : again;
      });
    }
  }

  /** Sequences are used up even by a failure: the file may keep a trace of them. */
  async #write(records: readonly EncodedRecord[], first: number): Promise<void> {
    this.#store.next = first + records.length;
    const active = (this.#active ??= await ActiveSegment.create(this.#store, first));
    try {
      await active.write(records, first);
    } catch (error) {
      if (!(await active.cutBack())) await this.#retire();
      throw error;
    }
    const started = performance.now();
    try {
      await active.sync();
    } catch (cause) {
      await active.cutBack();
      await this.#retire();
      throw new SyncFailure(active.segment, cause);
    }
    this.lastSyncMs = performance.now() - started;
    active.accept(records, first);
  }

  async #retire(): Promise<void> {
    const active = this.#active;
    this.#active = undefined;
    await active?.close();
  }
}

class SyncFailure extends Error {
  readonly segment: Segment;

  constructor(segment: Segment, cause: unknown) {
    super('The sync failed', { cause });
    this.segment = segment;
  }
}

export const closed = (): JournalError => new JournalError('CLOSED', 'The journal is closed');
