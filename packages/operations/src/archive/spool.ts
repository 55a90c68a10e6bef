import type { CallOptions } from '@quantumtrade/dal-domain';
import { ConnectionError, TimeoutError } from '@quantumtrade/dal-domain';
import type { ArchivedBlock } from '@quantumtrade/dal-domain/operations';
import type { Journal, JournalEvent, JournalRecord } from '@quantumtrade/dal-journal';
import { JournalError, openJournal } from '@quantumtrade/dal-journal';
import type { Clock } from '@quantumtrade/dal-runtime';
import type { FileSystem } from '@quantumtrade/dal-runtime/fs';
import type { ArchivedBlockHead } from './segment.js';

export interface SpoolOptions {
  /** Directory of the spool alone, on a local file system. */
  readonly directory: string;
  /** Size above which writes are refused until the object store has taken blocks (bytes). */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly fs: FileSystem;
}

/** A block that waits for the object store. */
export interface SpooledBlock {
  readonly head: ArchivedBlockHead;
  readonly bytes: Uint8Array;
  /** Position for {@link ArchiveSpool.advance}. */
  readonly position: number;
}

export const APPEND = 'archive.append';

/** Time limit of an append without a deadline of its own. */
const APPEND_WITHIN_MS = 30_000;

/** Blocks that are archived on this machine and not in the object store yet. */
export class ArchiveSpool {
  readonly #options: SpoolOptions;
  #journal!: Journal;
  readonly #appends = new Set<Promise<void>>();
  /** When each of the blocks was stored, in order. */
  readonly #storedAt: number[] = [];
  #latest = 0;
  /** Damaged ranges of the disk that were found and not reported to the object store: their blocks are lost. */
  damagedRanges = 0;
  /** Called after each append with the size of the block. */
  onAppend: (byteLength: number) => void = () => undefined;

  private constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /** Opens a directory with the blocks that an earlier process left there. Throws `JournalError`. */
  static async open(options: SpoolOptions): Promise<ArchiveSpool> {
    const spool = new ArchiveSpool(options);
    const { directory, maxBytes, clock, fs } = options;
    const onEvent = (event: JournalEvent) => spool.#noteDamage(event);
    spool.#journal = await openJournal({ directory, maxBytes, clock, fs, onEvent });
    for await (const { head } of spool.read()) {
      // The exact times of the later blocks are known when they are read: until then they count as old as the first.
      spool.#storedAt.push(...new Array<number>(spool.#journal.stats().pending).fill(head.storedAt));
      break;
    }
    return spool;
  }

  /** When the oldest of the blocks was stored (epoch milliseconds); null when there is none. */
  get oldestStoredAt(): number | null {
    return this.#storedAt[0] ?? null;
  }

  get blockCount(): number {
    return this.#storedAt.length;
  }

  /** Throws `ConnectionError` when a block of this size has no space. */
  requireSpace(byteLength: number): void {
    const { bytes, pending } = this.#journal.stats();
    const { maxBytes, directory } = this.#options;
    if (pending === 0 || bytes + byteLength <= maxBytes) return;
    throw new ConnectionError(
      `the archive's spool ${directory} is full: ${bytes} of ${maxBytes} bytes wait for the object store`,
      { operation: APPEND, retryable: true },
    );
  }

  /** Appends a block, durably. */
  async append(block: ArchivedBlock, { signal, deadline }: CallOptions = {}): Promise<void> {
    const { clock, directory } = this.#options;
    const startedAt = clock.now();
    const { record, id, rowCount, bytes, begunAt } = block;
    const storedAt = (this.#latest = Math.max(this.#latest, startedAt));
    const { acknowledgedAt = storedAt } = block;
    const head: ArchivedBlockHead = { record, id, rowCount, begunAt, storedAt, acknowledgedAt };
    const limits = {
      ...(signal && { signal }),
      deadline: Math.min(deadline ?? Infinity, startedAt + APPEND_WITHIN_MS),
    };
    const append = this.#journal.append(id, [...encodeHead(head), bytes], limits);
    const settled = append.then(
      () => void this.#storedAt.push(storedAt),
      () => undefined,
    );
    this.#appends.add(settled);
    void settled.then(() => this.#appends.delete(settled));
    await append.catch((error: unknown) => {
      if (!(error instanceof JournalError)) throw error;
      if (error.code === 'TIMEOUT')
        throw new TimeoutError(clock.now() - startedAt, { operation: APPEND, cause: error });
      const reason = `the archive's spool ${directory} did not take the block: ${error.message}`;
      throw new ConnectionError(reason, { operation: APPEND, retryable: true, cause: error });
    });
    await settled;
    this.onAppend(bytes.byteLength);
  }

  /**
   * Resolves to an instant before which every block is durable: {@link read} yields all blocks that were stored before it, and
   * later ones are stored at it or after it.
   */
  async mark(): Promise<number> {
    const instant = (this.#latest = Math.max(this.#latest, this.#options.clock.now()));
    await Promise.all(this.#appends);
    return instant;
  }

  /** Yields the blocks in the order in which they were stored. */
  async *read(): AsyncGenerator<SpooledBlock, void> {
    for await (const record of this.#journal.read({ follow: false })) yield decode(record);
  }

  /** Removes blocks: the first `count`, the last of which has this position. */
  async advance(position: number, count: number): Promise<void> {
    await this.#journal.advance(position);
    this.#storedAt.splice(0, count);
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  #noteDamage(event: JournalEvent): void {
    if (event.type !== 'quarantined') return;
    this.damagedRanges++;
    const range = `bytes ${event.start} to ${event.end} of ${event.segment}`;
    process.emitWarning(`${this.#options.directory}: ${range} are damaged and not archived`, {
      code: 'QTDAL_DAMAGED',
    });
  }
}

/** Returns the length of the head (uint32, little-endian) and the head (JSON). */
function encodeHead(head: ArchivedBlockHead): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return [length, json];
}

function decode({ payload, position }: JournalRecord): SpooledBlock {
  const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const end = 4 + view.readUInt32LE();
  const head = JSON.parse(view.toString('utf8', 4, end)) as ArchivedBlockHead;
  return { head, bytes: payload.subarray(end), position };
}
