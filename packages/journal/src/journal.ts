import { type DirectoryLock, type FileSystem, nodeFileSystem } from '@quantumtrade/dal-runtime/fs';
import { systemClock, type Clock } from '@quantumtrade/dal-runtime';
import type { JournalEventListener } from './events.js';
import { encodeRecord } from './format/record.js';
import { diskError, JournalError } from './journal-error.js';
import { readRecords, type JournalRecord, type ReadOptions } from './read-records.js';
import { Cursor } from './segments/cursor.js';
import { copyRecord } from './segments/quarantine.js';
import { recover } from './segments/recovery.js';
import { restrictFiles } from './segments/own-files.js';
import { SegmentStore } from './segments/segment-store.js';
import { deadlinePassed, PendingAppend, type AppendOptions } from './writing/pending-append.js';
import { closed, Writer } from './writing/writer.js';

export interface JournalOptions {
  /** Where the journal lives; created if missing. On a local file system, and used for nothing else. */
  readonly directory: string;
  /** Size in bytes at which a new segment is begun. Disk space is given back by whole segments. Default is 64 MiB. */
  readonly segmentBytes?: number;
  /** Size in bytes of all segments beyond which appends wait for {@link Journal.advance}. Default is 4 GiB. */
  readonly maxBytes?: number;
  /** Default is the machine's file system. */
  readonly fs?: FileSystem;
  /** Default is the system's clock. */
  readonly clock?: Clock;
  /** Told of damage and of failures that no call reports. */
  readonly onEvent?: JournalEventListener;
}

export interface JournalStats {
  /** Of all segments. */
  readonly bytes: number;
  readonly segments: number;
  /** Durable records after the cursor. */
  readonly pending: number;
  /** Appends that wait for room or for the disk. */
  readonly waiting: number;
  /** The last position that {@link Journal.advance} made durable; 0 before the first. */
  readonly cursor: number;
  /** Damaged ranges met since opening. */
  readonly quarantined: { readonly ranges: number; readonly bytes: number };
  /** Unfinished writes cut off at opening. */
  readonly truncated: { readonly tails: number; readonly bytes: number };
  /** How long the last successful sync took, in milliseconds. */
  readonly lastSyncMs: number | undefined;
}

/** Records that are durable before they are delivered, and kept until they are. */
export interface Journal {
  /**
   * Adds a record; resolves when it is durable. Records are kept in the order of the calls. Ids are not compared: a
   * reader sees each record that was appended. The payload must not change until the call has settled.
   *
   * Waits while the journal has no room. A rejected append leaves the journal usable, and the same call may be made
   * again; `mayBeJournaled` says whether the record may be delivered all the same.
   * @throws JournalError `DISK_FULL`, `IO`, `TOO_LARGE`, `TIMEOUT`, `CLOSED`, `INVALID`; or the signal's reason
   */
  append(id: string, payload: Uint8Array | readonly Uint8Array[], options?: AppendOptions): Promise<void>;
  /**
   * Durable records after the cursor, in order, then those to come. Ends when the signal aborts or the journal closes.
   * @throws JournalError `IO`
   */
  read(options?: ReadOptions): AsyncIterable<JournalRecord>;
  /**
   * Says that every record up to this position is delivered. Resolves when that is durable and the segments no longer
   * needed are gone; in that order, so what is removed is never needed again. A position at or before the cursor
   * changes nothing.
   * @throws JournalError `INVALID` for a position never read, `DISK_FULL`, `IO`, `CLOSED`
   */
  advance(position: number): Promise<void>;
  /**
   * Keeps a copy of a record that its reader cannot use, durably, in the directory's folder `quarantine`. Returns the file's
   * path. The record stays in the journal until it is advanced over.
   * @throws JournalError `DISK_FULL`, `IO`
   */
  setAside(record: JournalRecord): Promise<string>;
  stats(): JournalStats;
  /**
   * Ends the journal: takes no more appends, rejects those that wait for room, waits for the others, releases the
   * directory. Can be called again.
   *
   * Past the deadline it rejects with `TIMEOUT`, and so do the appends not begun with `CLOSED`. The directory is released
   * only when the disk has answered, since a write under way could damage what another journal begins.
   */
  close(options?: { readonly deadline?: number }): Promise<void>;
}

const defaultSegmentBytes = 64 * 1024 * 1024;
const defaultMaxBytes = 4 * 1024 * 1024 * 1024;

/**
 * Opens the journal in a directory, recovering what an earlier process left.
 * @throws JournalError `LOCKED` where another journal has it open, `IO`, `DISK_FULL`, `INVALID`
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { directory, fs = nodeFileSystem, clock = systemClock, onEvent } = options;
  const { maxBytes = defaultMaxBytes, segmentBytes = defaultSegmentBytes } = options;
  if (!(maxBytes > 0) || !(segmentBytes > 0))
    throw new JournalError('INVALID', 'Sizes must be greater than 0');
  let lock: DirectoryLock | undefined;
  try {
    await fs.makeDirectory(directory);
    lock = await fs.lock(directory);
    await restrictFiles(fs, directory);
    const store = new SegmentStore(fs, directory, quietly(onEvent));
    const cursor = new Cursor(fs, directory);
    await cursor.load(() => store.emit({ type: 'cursor-damaged' }));
    await recover(store, cursor.position);
    // Smaller segments than a quarter of the limit, so that room is made in steps.
    const limits = { maxBytes, segmentBytes: Math.min(segmentBytes, Math.ceil(maxBytes / 4)) };
    return new FileJournal(store, cursor, new Writer(store, cursor, limits), maxBytes, clock, lock);
  } catch (error) {
    await lock?.release();
    throw diskError(`Journal ${directory} could not be opened`, error);
  }
}

/** A listener whose own failure can't become the journal's. */
const quietly =
  (listener: JournalEventListener | undefined): JournalEventListener =>
  (event) => {
    try {
      listener?.(event);
    } catch {
      // Nobody to tell.
    }
  };

class FileJournal implements Journal {
  readonly #store: SegmentStore;
  readonly #cursor: Cursor;
  readonly #writer: Writer;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #lock: DirectoryLock;
  readonly #advances = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(
    store: SegmentStore,
    cursor: Cursor,
    writer: Writer,
    maxBytes: number,
    clock: Clock,
    lock: DirectoryLock,
  ) {
    this.#store = store;
    this.#cursor = cursor;
    this.#writer = writer;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#lock = lock;
  }

  async append(
    id: string,
    payload: Uint8Array | readonly Uint8Array[],
    options: AppendOptions = {},
  ): Promise<void> {
    if (this.#closed) throw closed();
    options.signal?.throwIfAborted();
    if (options.deadline !== undefined && options.deadline <= this.#clock.now()) throw deadlinePassed(false);
    const record = encodeRecord(id, payload);
    if (record.bytes > this.#maxBytes) {
      throw new JournalError(
        'TOO_LARGE',
        `A record of ${record.bytes} bytes never fits into ${this.#maxBytes}`,
      );
    }
    const append = new PendingAppend(record);
    append.watch(options, this.#clock, () => this.#writer.withdraw(append));
    this.#writer.append(append);
    return append.outcome;
  }

  read(options: ReadOptions = {}): AsyncIterable<JournalRecord> {
    return readRecords(this.#store, this.#cursor.position, options, () => this.#closed !== undefined);
  }

  async advance(position: number): Promise<void> {
    if (this.#closed) throw closed();
    if (!Number.isSafeInteger(position) || position < 0 || position >= this.#store.next) {
      throw new JournalError('INVALID', `Position ${position} is not one of this journal`);
    }
    const advance = this.#advance(position);
    this.#advances.add(advance);
    await advance.finally(() => this.#advances.delete(advance));
  }

  setAside(record: JournalRecord): Promise<string> {
    return copyRecord(this.#store, record).catch((error: unknown) => {
      throw diskError('The record could not be set aside', error);
    });
  }

  stats(): JournalStats {
    const { bytes, segments, quarantined, truncated } = this.#store;
    return {
      bytes,
      segments: segments.length,
      pending: this.#store.pending(this.#cursor.position),
      waiting: this.#writer.waiting,
      cursor: this.#cursor.position,
      quarantined: { ...quarantined },
      truncated: { ...truncated },
      lastSyncMs: this.#writer.lastSyncMs,
    };
  }

  close({ deadline }: { readonly deadline?: number } = {}): Promise<void> {
    this.#closed ??= this.#shutDown();
    if (deadline === undefined) return this.#closed;
    let cancel: (() => void) | undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = this.#clock.after(deadline - this.#clock.now(), () => {
        this.#writer.abandon();
        reject(new JournalError('TIMEOUT', 'The journal could not be closed by the deadline'));
      });
    });
    return Promise.race([this.#closed, late]).finally(cancel);
  }

  async #advance(position: number): Promise<void> {
    await this.#cursor.advance(position);
    await this.#store.reclaim(this.#cursor.position);
    this.#writer.pump();
  }

  async #shutDown(): Promise<void> {
    this.#store.changes.notify();
    await Promise.allSettled(this.#advances);
    await this.#writer.close();
    await this.#lock.release();
  }
}
