import type { EncodedRecord } from '../format/record.js';
import { diskError, JournalError } from '../journal-error.js';
import type { Cursor } from '../segments/cursor.js';
import type { SegmentStore } from '../segments/segment-store.js';
import type { Segment } from '../segments/segment.js';
import { ActiveSegment } from './active-segment.js';
import type { PendingAppend } from './pending-append.js';

export interface SegmentLimits {
  readonly segmentBytes: number;
  readonly maxBytes: number;
}

/** Approximate size of what one write and one sync cover, so that early callers do not wait for the bytes of late ones. */
const GROUP_BYTES = 8 * 1024 * 1024;

/**
 * Writes appends in their order. While the disk syncs one group, the next one collects.
 *
 * After a failed sync the kernel may have dropped the pages and marked them clean, so a second sync of the same file could
 * succeed although data is lost. The file gets no more records; the group is written once more, to a new file, and
 * acknowledged after that file's sync.
 */
export class AppendQueue {
  readonly #store: SegmentStore;
  readonly #cursor: Cursor;
  readonly #limits: SegmentLimits;
  #queue: PendingAppend[] = [];
  #active: ActiveSegment | undefined;
  #running: Promise<void> | undefined;
  #hasMore = false;
  #closing = false;
  lastSyncMs: number | undefined;

  constructor(store: SegmentStore, cursor: Cursor, limits: SegmentLimits) {
    this.#store = store;
    this.#cursor = cursor;
    this.#limits = limits;
  }

  /** Number of appends that wait for space or for the disk. */
  get waiting(): number {
    return this.#queue.length;
  }

  append(append: PendingAppend): void {
    this.#queue.push(append);
    this.resume();
  }

  /** Removes an append that is not being written. */
  remove(append: PendingAppend): void {
    const at = append.writing ? -1 : this.#queue.indexOf(append);
    if (at === -1) return;
    this.#queue.splice(at, 1);
    this.resume();
  }

  /** Continues with the queue, which may have waited for space. */
  resume(): void {
    this.#hasMore = true;
    this.#running ??= this.#run();
  }

  /** Rejects the appends that wait for space, writes the others and closes the active segment. */
  async close(): Promise<void> {
    this.#closing = true;
    this.resume();
    await this.#running;
    await this.#retire();
  }

  /** Rejects the appends that are not being written. */
  rejectWaiting(): void {
    for (const append of this.#queue.splice(0)) append.reject(closedError());
  }

  async #run(): Promise<void> {
    // Appends of the same turn of the event loop share the first group.
    await Promise.resolve();
    while (this.#hasMore) {
      this.#hasMore = false;
      await this.#drain();
    }
    this.#running = undefined;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      if (!this.#hasSpace() && !(await this.#freeSpace())) return;
      const group = this.#takeGroup();
      if (group.length > 0) await this.#commit(group);
    }
  }

  #hasSpace(): boolean {
    const head = this.#queue[0];
    return head === undefined || this.#store.bytes + head.record.bytes <= this.#limits.maxBytes;
  }

  /** Closes the active segment if it is delivered and removes delivered segments. Returns whether the queue can continue. */
  async #freeSpace(): Promise<boolean> {
    const { last } = this.#active?.segment.sequences ?? { last: Infinity };
    if (last <= this.#cursor.position) await this.#retire();
    try {
      await this.#store.reclaim(this.#cursor.position);
    } catch (error) {
      // Without pending records no advance would follow that tries again.
      if (this.#store.pending(this.#cursor.position) === 0) this.#queue.shift()?.reject(error);
      return this.#store.pending(this.#cursor.position) === 0;
    }
    if (this.#hasSpace()) return true;
    if (this.#closing) this.rejectWaiting();
    return false;
  }

  #takeGroup(): PendingAppend[] {
    const { segmentBytes, maxBytes } = this.#limits;
    const space = Math.min(GROUP_BYTES, segmentBytes, maxBytes - this.#store.bytes);
    let bytes = 0;
    let count = 0;
    for (const { record } of this.#queue) {
      if (count > 0 && bytes + record.bytes > space) break;
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
      // A segment owns the sequences up to the next one's first: the new segment takes over those of the failed write.
      await this.#write(records, Math.max(first, error.segment.first + 1)).catch((again: unknown) => {
        throw again instanceof SyncFailure ? again.cause : again;
      });
    }
  }

  /** Writes records durably. A failed write uses up its sequences too: the file may contain a part of it. */
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

export const closedError = (): JournalError => new JournalError('CLOSED', 'The journal is closed');
