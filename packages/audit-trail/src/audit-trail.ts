import { join } from 'node:path';
import { Deadline, sleep, systemClock, type TimeSource } from '@quantumtrade/dal-runtime';
import {
  DirectoryLockedError,
  errorCode,
  nodeFileSystem,
  type DirectoryLock,
  type FileSystem,
} from '@quantumtrade/dal-runtime/fs';
import { toTrailError, AuditTrailError } from './audit-trail-error.js';
import { trailFiles } from './files/file-name.js';
import { HEAD_NAME } from './format/head-file.js';
import { MAX_LINE_BYTES } from './files/read-file.js';
import type { AuditHead, AuditLine } from './format/line.js';
import { Sealer } from './format/seal.js';
import { readAuditHead, readAuditTrail } from './read-audit-trail.js';
import { verifyAuditTrail, type AuditReport } from './verifying/verify-audit-trail.js';
import { ChainEnd, type Recovery } from './writing/chain.js';

export interface AuditTrailOptions {
  /** Directory on a local file system. Created if missing. Any number of processes may record into it at the same time. */
  directory: string;
  /** Key of the HMAC that seals lines: without it, no valid line can be written. A trail keeps its first key. */
  key?: string;
  /** @default the system clock */
  clock?: TimeSource;
  /** @default the file system of the machine */
  fs?: FileSystem;
  /** Size at which a file gets no more lines. @default 16,777,216 (bytes) */
  maxFileBytes?: number;
  /** How long to wait for other processes that record. @default 10,000 (milliseconds) */
  lockTimeoutMs?: number;
  /** Called for failures and repairs. Its errors are ignored. */
  onEvent?: (event: AuditTrailEvent) => void;
}

export type AuditTrailEvent =
  /** Entries could not be recorded. The trail records their number as soon as it works again. */
  | { readonly kind: 'failed'; readonly entries: number; readonly error: unknown }
  /** A crash or a failed write had left an unfinished end. */
  | ({ readonly kind: 'recovered' } & Recovery);

export interface AuditTrailStats {
  /** Number of durable entries. */
  readonly recorded: number;
  /** Number of entries that could not be recorded. */
  readonly failed: number;
  /** Number of failed entries that no line of the trail reports yet. */
  readonly unreported: number;
}

/** An audit trail that is open for recording. */
export interface AuditTrail {
  /**
   * Records an entry. Resolves when it is durable, or when it could not be recorded: the failure is counted and passed to
   * `onEvent`. Never rejects, because the recorded operation has already happened.
   */
  record(entry: object): Promise<void>;
  /** Verifies all lines recorded so far, by this process and others. */
  verify(options?: { expect?: AuditHead }): Promise<AuditReport>;
  /** Yields all lines recorded so far, in order. Checks each line's own seal only. */
  entries(): AsyncIterable<AuditLine>;
  /** Returns the end of the trail: a checkpoint to be kept elsewhere. */
  head(): Promise<AuditHead>;
  stats(): AuditTrailStats;
  /** Closes the trail. Resolves when all entries are recorded. */
  close(): Promise<void>;
}

/** Maximum number of entries that share a sync. */
const MAX_GROUP_ENTRIES = 1_000;

/** Pause between attempts to lock the directory. */
const LOCK_RETRY_MS = 1;

/**
 * Opens a trail, or begins one, and repairs the unfinished end that a crash has left.
 * @throws AuditTrailError `DAMAGED` when the end was changed, `KEY` when it was begun with another key or none, `IO` when the
 *   file system fails
 */
export async function openAuditTrail(options: AuditTrailOptions): Promise<AuditTrail> {
  const trail = new DirectoryTrail(options);
  try {
    await trail.open();
  } catch (error) {
    throw toTrailError(options.directory, error);
  }
  return trail;
}

interface PendingEntry {
  readonly entry: object;
  readonly time: string;
  readonly done: () => void;
}

class DirectoryTrail implements AuditTrail {
  readonly #options: AuditTrailOptions;
  readonly #fs: FileSystem;
  readonly #chain: ChainEnd;
  readonly #queue: PendingEntry[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;
  #recorded = 0;
  #failed = 0;
  #unreported = 0;
  #reason = '';

  constructor(options: AuditTrailOptions) {
    const { directory, key, fs = nodeFileSystem, maxFileBytes = 16 * 1024 * 1024 } = options;
    this.#options = options;
    this.#fs = fs;
    this.#chain = new ChainEnd({
      fs,
      directory,
      sealer: new Sealer(key),
      maxFileBytes,
      onRecovery: (recovery) => this.#emit({ kind: 'recovered', ...recovery }),
    });
  }

  async open(): Promise<void> {
    const { directory } = this.#options;
    await this.#fs.makeDirectory(directory);
    for (const name of [...(await trailFiles(this.#fs, directory)), HEAD_NAME]) {
      await this.#fs.restrictAccess(join(directory, name));
    }
    await this.#locked(() => this.#chain.open());
  }

  record(entry: object): Promise<void> {
    if (this.#closed) {
      this.#count(1, new AuditTrailError('CLOSED', 'The audit trail is closed'));
      return Promise.resolve();
    }
    return new Promise((done) => {
      try {
        this.#queue.push({ entry: snapshot(entry), time: new Date(this.#now()).toISOString(), done });
        this.#writing ??= this.#writeAll();
      } catch (error) {
        this.#count(1, error);
        done();
      }
    });
  }

  verify({ expect }: { expect?: AuditHead } = {}): Promise<AuditReport> {
    const { directory, key } = this.#options;
    return verifyAuditTrail(directory, { key, fs: this.#fs, expect });
  }

  entries(): AsyncIterable<AuditLine> {
    const { directory, key } = this.#options;
    return readAuditTrail(directory, { key, fs: this.#fs });
  }

  head(): Promise<AuditHead> {
    const { directory, key } = this.#options;
    return readAuditHead(directory, { key, fs: this.#fs });
  }

  stats(): AuditTrailStats {
    return { recorded: this.#recorded, failed: this.#failed, unreported: this.#unreported };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    if (this.#unreported > 0) await this.#write([]);
  }

  async #writeAll(): Promise<void> {
    // Entries recorded in the same turn of the event loop share the first sync.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#write(this.#queue.splice(0, MAX_GROUP_ENTRIES));
    this.#writing = undefined;
  }

  async #write(group: readonly PendingEntry[]): Promise<void> {
    const unreported = this.#unreported;
    try {
      const lines = unreported > 0 ? [this.#gap(unreported), ...group] : group;
      await this.#locked(() => this.#chain.append(lines));
      this.#recorded += group.length;
      this.#unreported -= unreported;
    } catch (error) {
      this.#count(group.length, error);
    }
    for (const { done } of group) done();
  }

  /** Returns the entry that reports missing entries. */
  #gap(entries: number): { time: string; entry: object } {
    const at = this.#now();
    const entry = { at, actor: 'audit', operation: 'audit.gap', failedCount: entries, outcome: this.#reason };
    return { time: new Date(at).toISOString(), entry };
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    const lock = await this.#lock();
    try {
      return await work();
    } finally {
      // The entries are durable by now, and the next process removes a lock whose release failed.
      await lock.release().catch(() => undefined);
    }
  }

  async #lock(): Promise<DirectoryLock> {
    const { directory, lockTimeoutMs = 10_000 } = this.#options;
    const deadline = new Deadline({ timeoutMs: lockTimeoutMs });
    try {
      for (;;) {
        try {
          return await this.#fs.lock(directory);
        } catch (error) {
          if (!(error instanceof DirectoryLockedError)) throw error;
          if (deadline.aborted) throw lockTimeoutError(directory, lockTimeoutMs);
        }
        await sleep(LOCK_RETRY_MS);
      }
    } finally {
      deadline.end();
    }
  }

  #now(): number {
    return (this.#options.clock ?? systemClock).now();
  }

  #count(entries: number, error: unknown): void {
    this.#failed += entries;
    this.#unreported += entries;
    this.#reason = errorCode(error) ?? 'FAILED';
    this.#emit({ kind: 'failed', entries, error });
  }

  #emit(event: AuditTrailEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch {
      // Errors of the listener do not stop the recording.
    }
  }
}

/** Returns a copy of the entry, which later changes by the caller do not affect. */
function snapshot(entry: object): object {
  const json = JSON.stringify(entry, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  if (Buffer.byteLength(json) > MAX_ENTRY_BYTES)
    throw new RangeError(`an entry has at most ${MAX_ENTRY_BYTES} bytes`);
  return JSON.parse(json) as object;
}

/** Half of a line: the other fields are short. */
const MAX_ENTRY_BYTES = MAX_LINE_BYTES / 2;

const lockTimeoutError = (directory: string, timeoutMs: number): AuditTrailError =>
  new AuditTrailError('LOCKED', `Others held the audit trail ${directory} for ${timeoutMs} ms`);
