import { join } from 'node:path';
import type { CallOptions } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import type {
  ArchivedBlock,
  ArchiveState,
  BlockArchive,
  ObjectStore,
} from '@quantumtrade/dal-domain/operations';
import { JournalError } from '@quantumtrade/dal-journal';
import type { BackoffOptions, Clock } from '@quantumtrade/dal-runtime';
import { backgroundClock } from '@quantumtrade/dal-runtime';
import type { FileSystem } from '@quantumtrade/dal-runtime/fs';
import { ignoreMissing, nodeFileSystem } from '@quantumtrade/dal-runtime/fs';
import { reasonOf } from '../reason-of.js';
import { ArchiveShipper } from './shipper.js';
import { APPEND, ArchiveSpool } from './spool.js';
import { newIdentity, readIdentity, writeIdentity } from './writer-identity.js';

export interface ArchiveOptions {
  readonly store: ObjectStore;
  /** Database that the blocks are stored in. */
  readonly database: string;
  /** Directory of the spools, on a local file system. Processes that share it use a spool each. */
  readonly directory: string;
  /** Longest time that a block waits for the object store while that answers. @default 10,000 (milliseconds) */
  readonly intervalMs?: number | undefined;
  /** Size of blocks at which a segment is shipped. @default 16,777,216 (bytes) */
  readonly maxSegmentBytes?: number | undefined;
  /** Size of a spool above which writes are refused. @default 4,294,967,296 (bytes) */
  readonly maxSpoolBytes?: number | undefined;
  /** How long segments cannot be deleted, where the object store supports it. @default no lock (milliseconds) */
  readonly retainMs?: number | undefined;
  /** @default the clock of the machine */
  readonly clock?: Clock | undefined;
  /** @default the file system of the machine */
  readonly fs?: FileSystem | undefined;
  /** Delays after a failure of the object store. */
  readonly retry?: BackoffOptions | undefined;
}

/** Archive of the blocks that this process stores. */
export interface Archive extends BlockArchive {
  /** Ships what is left, or leaves it to the next archive of the directory where the object store does not take it within 10 s. */
  close(): Promise<void>;
}

/** A spool with its shipper. */
interface Slot {
  readonly spool: ArchiveSpool;
  readonly shipper: ArchiveShipper;
}

const MAX_SLOTS = 64;

/** Time that a closing archive waits for the object store. */
const CLOSE_WITHIN_MS = 10_000;

/**
 * Opens the archive of this process. Its spool is opened for the first block. Spools that ended without shipping everything,
 * after a crash, are shipped in the background.
 */
export const openArchive = (options: ArchiveOptions): Archive => new SpooledArchive(options);

class SpooledArchive implements Archive {
  readonly #options: ArchiveOptions;
  readonly #fs: FileSystem;
  readonly #clock: Clock;
  readonly #leftOver: Promise<Slot[]>;
  #own: Promise<Slot> | undefined;
  #openSlots: Slot[] = [];
  #closed: Promise<void> | undefined;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#fs = options.fs ?? nodeFileSystem;
    this.#clock = options.clock ?? backgroundClock;
    this.#leftOver = this.#openLeftOver();
    this.#leftOver.catch(() => undefined);
  }

  async requireSpace(byteLength: number): Promise<void> {
    const { spool, shipper } = await this.#open();
    spool.requireSpace(byteLength);
    await shipper.requireAnnounced();
  }

  async append(block: ArchivedBlock, options?: CallOptions): Promise<void> {
    const { spool } = await this.#open();
    await spool.append(block, options);
  }

  state(): ArchiveState {
    const oldest = this.#openSlots.map(({ spool }) => spool.oldestStoredAt ?? Infinity);
    const failure = this.#openSlots.map(({ shipper }) => shipper.error).find((error) => error !== undefined);
    const oldestUnshippedAt = Math.min(Infinity, ...oldest);
    return {
      oldestUnshippedAt: oldestUnshippedAt === Infinity ? null : oldestUnshippedAt,
      unshippedBlocks: this.#openSlots.reduce((sum, { spool }) => sum + spool.blockCount, 0),
      failedBy: failure === undefined ? null : reasonOf(failure),
    };
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#shutDown());
  }

  /** Opens the spool of this process for its first block. A failure is not kept: the next call opens it again. */
  #open(): Promise<Slot> {
    if (this.#closed) {
      throw new ConnectionError('the archive is closed', { operation: APPEND, retryable: false });
    }
    if (!this.#own) {
      const own = this.#leftOver.catch(() => []).then(() => this.#openFree());
      this.#own = own;
      own.catch(() => (this.#own = undefined));
    }
    return this.#own;
  }

  /** Opens the first spool that no process has open, preferably one that this archive has open already. */
  async #openFree(): Promise<Slot> {
    const [open] = this.#openSlots;
    if (open) return open;
    for (let n = 1; n <= MAX_SLOTS; n++) {
      const slot = await this.#openSlot(String(n));
      if (slot) return slot;
    }
    throw this.#failure(`all its ${MAX_SLOTS} spools are in use`);
  }

  /** Opens the spools that a process left without closing them. */
  async #openLeftOver(): Promise<Slot[]> {
    const { directory } = this.#options;
    const slots: Slot[] = [];
    for (const name of (await ignoreMissing(this.#fs.list(directory))) ?? []) {
      if (!/^\d+$/.test(name)) continue;
      const identity = await readIdentity(this.#fs, join(directory, name));
      const slot = identity?.isAnnounced ? await this.#openSlot(name) : undefined;
      if (slot) slots.push(slot);
    }
    return slots;
  }

  /** Opens a spool; returns undefined when another process has it open. */
  async #openSlot(name: string): Promise<Slot | undefined> {
    const {
      store,
      database,
      intervalMs = 10_000,
      maxSegmentBytes = 2 ** 24,
      retainMs,
      retry,
    } = this.#options;
    const directory = join(this.#options.directory, name);
    const maxBytes = this.#options.maxSpoolBytes ?? 2 ** 32;
    const [clock, fs] = [this.#clock, this.#fs];
    try {
      const spool = await ArchiveSpool.open({ directory, maxBytes, clock, fs });
      const identity = (await readIdentity(fs, directory)) ?? newIdentity(clock.now());
      const { writer, isAnnounced } = identity;
      const setAnnounced = (value: boolean) => writeIdentity(fs, directory, { writer, isAnnounced: value });
      if (!isAnnounced) await setAnnounced(false);
      const limits = { intervalMs, maxSegmentBytes, retainMs, retry };
      const shipper = new ArchiveShipper({
        ...{ store, spool, writer, database, isAnnounced, setAnnounced, clock },
        ...limits,
      });
      const slot = { spool, shipper };
      this.#openSlots.push(slot);
      return slot;
    } catch (error) {
      if (error instanceof JournalError && error.code === 'LOCKED') return undefined;
      throw this.#failure(reasonOf(error), error);
    }
  }

  #failure(reason: string, cause?: unknown): ConnectionError {
    return new ConnectionError(`the archive in ${this.#options.directory} cannot be opened: ${reason}`, {
      operation: APPEND,
      cause,
    });
  }

  async #shutDown(): Promise<void> {
    await this.#leftOver.catch(() => undefined);
    await this.#own?.catch(() => undefined);
    await Promise.all(
      this.#openSlots.map(async ({ spool, shipper }) => {
        await shipper.stop(CLOSE_WITHIN_MS);
        await spool.close();
      }),
    );
  }
}
