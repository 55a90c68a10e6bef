import { type DirectoryLock, type FileSystem, nodeFileSystem } from '@quantumtrade/dal-runtime/fs';
import { Deadline, systemClock, type Clock } from '@quantumtrade/dal-runtime';
import type { JournalEventListener } from './events.js';
import { encodeRecord } from './format/record.js';
import { diskError, JournalError } from './journal-error.js';
import { readRecords, type JournalRecord, type JournalReadOptions } from './read-records.js';
import { Cursor } from './segments/cursor.js';
import { copyRecord } from './segments/quarantine.js';
import { recover } from './segments/recovery.js';
import { restrictFiles } from './segments/own-files.js';
import { SegmentStore } from './segments/segment-store.js';
import { PendingAppend, timeoutError, type JournalAppendOptions } from './writing/pending-append.js';
import { AppendQueue, closedError } from './writing/append-queue.js';

export interface JournalOptions {
  /** Directory of the journal alone, on a local file system. Created if missing. */
  readonly directory: string;
  /** Size at which a new segment begins. Disk space is freed by whole segments. @default 67,108,864 (bytes) */
  readonly segmentBytes?: number;
  /** Size of all segments above which appends wait for {@link Journal.advance}. @default 4,294,967,296 (bytes) */
  readonly maxBytes?: number;
  /** @default the file system of the machine */
  readonly fs?: FileSystem;
  /** @default the system clock */
  readonly clock?: Clock;
  /** Called for damage and for failures that no call reports. */
  readonly onEvent?: JournalEventListener;
}

export interface JournalStats {
  /** Size of all segments. */
  readonly bytes: number;
  readonly segments: number;
  /** Number of durable records after the cursor. */
  readonly pending: number;
  /** Number of appends that wait for space or for the disk. */
  readonly waiting: number;
  /** The last position that {@link Journal.advance} made durable; 0 before the first. */
  readonly cursor: number;
  /** Damaged ranges found since opening. */
  readonly quarantined: { readonly ranges: number; readonly bytes: number };
  /** Unfinished writes removed at opening. */
  readonly truncated: { readonly tails: number; readonly bytes: number };
  /** Duration of the last successful sync in milliseconds. */
  readonly lastSyncMs: number | undefined;
}

/** Write-ahead journal: keeps records durably, in order, until they are delivered. */
export interface Journal {
  /**
   * Appends a record. Resolves when it is durable. Records keep the order of the calls. Ids are not compared: a reader
   * receives every record that was appended. The payload must not change until the call has settled.
   *
   * Waits while the journal is full. A rejected append leaves the journal usable, and the call may be repeated;
   * `mayBeJournaled` of its error says whether the record may still be delivered.
   * @throws JournalError `DISK_FULL`, `IO`, `TOO_LARGE`, `TIMEOUT`, `CLOSED`, `INVALID`; or the signal's reason
   */
  append(
    id: string,
    payload: Uint8Array | readonly Uint8Array[],
    options?: JournalAppendOptions,
  ): Promise<void>;
  /**
   * Yields the durable records after the cursor in order, then new ones. Ends when the signal aborts or the journal closes.
   * @throws JournalError `IO`
   */
  read(options?: JournalReadOptions): AsyncIterable<JournalRecord>;
  /**
   * Moves the cursor: every record up to this position is delivered. Resolves when the cursor is durable and then the segments
   * before it are removed. A position at or before the cursor changes nothing.
   * @throws JournalError `INVALID` for a position that was never read, `DISK_FULL`, `IO`, `CLOSED`
   */
  advance(position: number): Promise<void>;
  /**
   * Copies a record that its reader cannot use to the folder `quarantine`, durably. Returns the file's path. The record stays
   * in the journal until the cursor passes it.
   * @throws JournalError `DISK_FULL`, `IO`
   */
  setAside(record: JournalRecord): Promise<string>;
  stats(): JournalStats;
  /**
   * Closes the journal: refuses new appends, rejects those that wait for space, waits for the others and releases the
   * directory. Can be called again.
   *
   * Past the deadline it rejects with `TIMEOUT`, and appends that are not being written reject with `CLOSED`. The directory is
   * released only when the disk has answered: a write in progress could damage another journal's files.
   */
  close(options?: { readonly deadline?: number }): Promise<void>;
}

const DEFAULT_SEGMENT_BYTES = 64 * 1024 * 1024;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024 * 1024;

/**
 * Opens the journal in a directory and recovers the records of earlier processes.
 * @throws JournalError `LOCKED` when another journal has the directory open, `IO`, `DISK_FULL`, `INVALID`
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { directory, fs = nodeFileSystem, clock = systemClock, onEvent } = options;
  const { maxBytes = DEFAULT_MAX_BYTES, segmentBytes = DEFAULT_SEGMENT_BYTES } = options;
  if (!(maxBytes > 0) || !(segmentBytes > 0))
    throw new JournalError('INVALID', 'Sizes must be greater than 0');
  let lock: DirectoryLock | undefined;
  try {
    await fs.makeDirectory(directory);
    lock = await fs.lock(directory);
    await restrictFiles(fs, directory);
    const store = new SegmentStore(fs, directory, swallowErrors(onEvent));
    const cursor = new Cursor(fs, directory);
    await cursor.load(() => store.emit({ type: 'cursor-damaged' }));
    await recover(store, cursor.position);
    // Segments are at most a quarter of the limit, so that space is freed in steps.
    const limits = { maxBytes, segmentBytes: Math.min(segmentBytes, Math.ceil(maxBytes / 4)) };
    return new FileJournal(store, cursor, new AppendQueue(store, cursor, limits), maxBytes, clock, lock);
  } catch (error) {
    await lock?.release();
    throw diskError(`Journal ${directory} could not be opened`, error);
  }
}

/** Returns a listener that swallows the errors of the given one. */
const swallowErrors =
  (listener: JournalEventListener | undefined): JournalEventListener =>
  (event) => {
    try {
      listener?.(event);
    } catch {
      // There is no caller to report it to.
    }
  };

class FileJournal implements Journal {
  readonly #store: SegmentStore;
  readonly #cursor: Cursor;
  readonly #queue: AppendQueue;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #lock: DirectoryLock;
  readonly #advances = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(
    store: SegmentStore,
    cursor: Cursor,
    queue: AppendQueue,
    maxBytes: number,
    clock: Clock,
    lock: DirectoryLock,
  ) {
    this.#store = store;
    this.#cursor = cursor;
    this.#queue = queue;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#lock = lock;
  }

  async append(
    id: string,
    payload: Uint8Array | readonly Uint8Array[],
    options: JournalAppendOptions = {},
  ): Promise<void> {
    if (this.#closed) throw closedError();
    options.signal?.throwIfAborted();
    if (options.deadline !== undefined && options.deadline <= this.#clock.now()) throw timeoutError(false);
    const record = encodeRecord(id, payload);
    if (record.bytes > this.#maxBytes) {
      throw new JournalError(
        'TOO_LARGE',
        `A record of ${record.bytes} bytes never fits into ${this.#maxBytes}`,
      );
    }
    const append = new PendingAppend(record);
    append.limit(options, this.#clock, () => this.#queue.remove(append));
    this.#queue.append(append);
    return append.outcome;
  }

  read(options: JournalReadOptions = {}): AsyncIterable<JournalRecord> {
    return readRecords(this.#store, this.#cursor.position, options, () => this.#closed !== undefined);
  }

  async advance(position: number): Promise<void> {
    if (this.#closed) throw closedError();
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
      waiting: this.#queue.waiting,
      cursor: this.#cursor.position,
      quarantined: { ...quarantined },
      truncated: { ...truncated },
      lastSyncMs: this.#queue.lastSyncMs,
    };
  }

  close({ deadline }: { readonly deadline?: number } = {}): Promise<void> {
    this.#closed ??= this.#shutDown();
    const timeoutError = () => new JournalError('TIMEOUT', 'The journal could not be closed by the deadline');
    return new Deadline({ deadline }, timeoutError, this.#clock).race(this.#closed, () =>
      this.#queue.rejectWaiting(),
    );
  }

  async #advance(position: number): Promise<void> {
    await this.#cursor.advance(position);
    await this.#store.reclaim(this.#cursor.position);
    this.#queue.resume();
  }

  async #shutDown(): Promise<void> {
    this.#store.changes.notify();
    await Promise.allSettled(this.#advances);
    await this.#queue.close();
    await this.#lock.release();
  }
}
