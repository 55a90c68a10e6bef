import { join } from 'node:path';
import { errorCode, type FileSystem, nodeFileSystem } from '@quantumtrade/dal-runtime/fs';
import { asTrailError, AuditTrailError } from './audit-trail-error.js';
import { trailFiles } from './files/file-name.js';
import { headName } from './format/head-file.js';
import { maxLineBytes } from './files/read-file.js';
import type { AuditHead, AuditLine } from './format/line.js';
import { Sealer } from './format/seal.js';
import { readAuditHead, readAuditTrail } from './read-audit-trail.js';
import { verifyAuditTrail, type AuditReport } from './verifying/verify-audit-trail.js';
import { ChainEnd, type Recovery } from './writing/chain.js';
import { lockWithin } from './writing/lock-within.js';

export interface AuditTrailOptions {
  /** Made if missing. On a local file system; any number of processes may record into it at the same time. */
  directory: string;
  /** With it lines are sealed by HMAC, and nobody without it can make others. A trail keeps the key it was begun with. */
  key?: string;
  /** Where times come from, in epoch milliseconds. Default is the system's clock. */
  clock?: { now(): number };
  /** Default is the machine's own file system. */
  fs?: FileSystem;
  /** A file that has this many bytes gets no more lines. Default is 16 MiB. */
  maxFileBytes?: number;
  /** How long to wait for other processes that record, in milliseconds. Default is 10,000. */
  lockTimeoutMs?: number;
  /** Told of what went wrong or was repaired. Must not throw. */
  onEvent?: (event: AuditTrailEvent) => void;
}

export type AuditTrailEvent =
  /** Entries could not be recorded. The trail says so itself as soon as it works again. */
  | { readonly kind: 'failed'; readonly entries: number; readonly error: unknown }
  /** A crash, or a write that failed, had left an unfinished end. */
  | ({ readonly kind: 'recovered' } & Recovery);

export interface AuditTrailStats {
  /** Entries on the disk, durably. */
  readonly recorded: number;
  /** Entries that could not be recorded. */
  readonly failed: number;
  /** Of those, the ones that no line of the trail tells of yet. */
  readonly untold: number;
}

/** An audit trail that is open for recording. */
export interface AuditTrail {
  /**
   * Records what has happened. Resolves once it is on the disk, durably; also where it could not be recorded, since what
   * happened has happened: that is counted and told to `onEvent`. Never rejects.
   */
  record(entry: object): Promise<void>;
  /** Checks everything recorded so far, by this process and others. */
  verify(options?: { expect?: AuditHead }): Promise<AuditReport>;
  /** Everything recorded so far, in order. Not checked beyond each line's own seal. */
  entries(): AsyncIterable<AuditLine>;
  /** Where the trail ends now: a checkpoint to be kept elsewhere. */
  head(): Promise<AuditHead>;
  stats(): AuditTrailStats;
  /** Resolves when everything is recorded. */
  close(): Promise<void>;
}

/** Entries that share a sync at most. */
const groupLimit = 1_000;

/**
 * Opens a trail, or begins one, and repairs what a crash has left.
 * @throws AuditTrailError `DAMAGED` where its end is not as it was left, `KEY` where it was begun with another key or none,
 *   `IO` where the file system refuses
 */
export async function openAuditTrail(options: AuditTrailOptions): Promise<AuditTrail> {
  const trail = new DirectoryTrail(options);
  try {
    await trail.open();
  } catch (error) {
    throw asTrailError(options.directory, error);
  }
  return trail;
}

interface Waiting {
  readonly entry: object;
  readonly time: string;
  readonly done: () => void;
}

class DirectoryTrail implements AuditTrail {
  readonly #options: AuditTrailOptions;
  readonly #fs: FileSystem;
  readonly #chain: ChainEnd;
  readonly #queue: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;
  #recorded = 0;
  #failed = 0;
  #untold = 0;
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
      onRecovery: (recovery) => this.#tell({ kind: 'recovered', ...recovery }),
    });
  }

  async open(): Promise<void> {
    const { directory } = this.#options;
    await this.#fs.makeDirectory(directory);
    for (const name of [...(await trailFiles(this.#fs, directory)), headName]) {
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
        this.#queue.push({ entry: snapshot(entry), time: this.#now(), done });
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
    return { recorded: this.#recorded, failed: this.#failed, untold: this.#untold };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    if (this.#untold > 0) await this.#write([]);
  }

  async #writeAll(): Promise<void> {
    // What is recorded in the same turn shares the first sync.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#write(this.#queue.splice(0, groupLimit));
    this.#writing = undefined;
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    const untold = this.#untold;
    try {
      const lines = untold > 0 ? [this.#gap(untold), ...group] : group;
      await this.#locked(() => this.#chain.append(lines));
      this.#recorded += group.length;
      this.#untold -= untold;
    } catch (error) {
      this.#count(group.length, error);
    }
    for (const { done } of group) done();
  }

  /** What the trail says of entries that it lacks. */
  #gap(entries: number): { time: string; entry: object } {
    const at = this.#options.clock?.now() ?? Date.now();
    const entry = { at, actor: 'audit', operation: 'audit.gap', failedCount: entries, outcome: this.#reason };
    return { time: new Date(at).toISOString(), entry };
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    const { directory, lockTimeoutMs = 10_000 } = this.#options;
    const lock = await lockWithin(this.#fs, directory, lockTimeoutMs);
    try {
      return await work();
    } finally {
      // What was written is written; a socket that stays is dead and swept away by the next taker.
      await lock.release().catch(() => undefined);
    }
  }

  #now(): string {
    return new Date(this.#options.clock?.now() ?? Date.now()).toISOString();
  }

  #count(entries: number, error: unknown): void {
    this.#failed += entries;
    this.#untold += entries;
    this.#reason = errorCode(error) ?? 'FAILED';
    this.#tell({ kind: 'failed', entries, error });
  }

  #tell(event: AuditTrailEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch {
      // Recording goes on, whatever the listener does.
    }
  }
}

/** The entry as it is now: what the caller does to it later changes nothing. */
function snapshot(entry: object): object {
  const json = JSON.stringify(entry, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  if (Buffer.byteLength(json) > maxEntryBytes)
    throw new RangeError(`an entry has at most ${maxEntryBytes} bytes`);
  return JSON.parse(json) as object;
}

/** Half a line: what is around the entry is short. */
const maxEntryBytes = maxLineBytes / 2;
