import type { RecordName } from '../records/records.js';
import type { CallOptions } from './call.js';

/** A stored block as it is archived. */
export interface ArchivedBlock {
  readonly record: RecordName;
  /** Deduplication token: blocks of equal ids are equal. */
  readonly id: string;
  readonly rowCount: number;
  /** Rows in the store's own encoding. */
  readonly bytes: Uint8Array;
  /** Before the first attempt to store the block (epoch milliseconds). */
  readonly begunAt: number;
  /**
   * When the write was acknowledged, where that happened before the block was stored: by a journal or by the commit of a
   * transaction. @default the time of the append (epoch milliseconds)
   */
  readonly acknowledgedAt?: number;
}

/** State of an archive in this process. */
export interface ArchiveState {
  /** When the oldest block was stored that is on this machine alone (epoch milliseconds); null when there is none. */
  readonly oldestUnshippedAt: number | null;
  readonly unshippedBlocks: number;
  /** Reason why blocks could not be moved to the object store at the last attempt, or null. */
  readonly failedBy: string | null;
}

/**
 * Archive of stored blocks, from which a restore replays the writes since a backup. The ClickHouse adapter appends each block
 * after it is stored and before its write is acknowledged. The memory adapter has no archive: its inserts make no blocks.
 */
export interface BlockArchive {
  /**
   * Rejects with a retryable `ConnectionError` when the archive has no space for a block of this size or cannot be opened.
   * Called before the block is sent, so that no row is stored that cannot be archived.
   */
  requireSpace(byteLength: number): Promise<void>;
  /**
   * Appends a block, durably on this machine when it resolves. The same block may be appended again. The bytes must not change
   * until the call has settled.
   * @throws ConnectionError retryable when the disk refuses, TimeoutError; or the signal's reason
   */
  append(block: ArchivedBlock, options?: CallOptions): Promise<void>;
  /** Returns the state without a call. */
  state(): ArchiveState;
}
