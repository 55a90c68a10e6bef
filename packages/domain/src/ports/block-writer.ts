import { ValidationError } from '../errors.js';
import type { Batch } from '../records/column-batch.js';
import { readMember, requireObject, requireWholeNumber, keysOf } from '../arguments.js';
import type { RowError } from '../records/row.js';
import { requireField } from '../records/field.js';
import type { RecordName } from '../records/records.js';
import { requireRecord } from '../records/records.js';
import type { BatchVersion } from '../versions/versions.js';
import type { CallOptions } from './call.js';

/** Checked rows of one record and one partition in encoded form. Every attempt to store them sends the same bytes. */
export interface EncodedBlock {
  readonly record: RecordName;
  /** Idempotency key: a stored block is not stored again. */
  readonly id: string;
  readonly rowCount: number;
  /** Rows in the store's own encoding, opaque to other code. */
  readonly bytes: Uint8Array;
  /** Whether no attempt to store the block was made yet. Without it, the store checks for a partial earlier attempt. */
  readonly isUnsent?: boolean;
  /** When the write was acknowledged, of a journaled or committed block (epoch milliseconds). @default when it is stored */
  readonly acknowledgedAt?: number;
}

/** Reads the members of a caller's block once; throws `ValidationError` naming an invalid member. */
export function requireBlock(block: EncodedBlock): EncodedBlock {
  const operation = 'blocks.write';
  const given = requireObject('block', block, operation);
  const read = (name: keyof EncodedBlock) => readMember(given, name, operation);
  const bytes = read('bytes');
  const record = read('record');
  const acknowledgedAt = read('acknowledgedAt') as number | undefined;
  requireWholeNumber('acknowledgedAt', acknowledgedAt, operation);
  requireRecord(record, operation);
  if (!ArrayBuffer.isView(bytes)) throw new ValidationError('bytes', 'must be bytes', { operation });
  return {
    record: record as RecordName,
    id: requireField({ kind: 'id' }, 'id', read('id'), operation) as string,
    rowCount: requireField({ kind: 'uint32' }, 'rowCount', read('rowCount'), operation) as number,
    bytes: bytes as Uint8Array,
    isUnsent: read('isUnsent') === true,
    ...(acknowledgedAt !== undefined && { acknowledgedAt }),
  };
}

/** A block with the positions of the batches that its rows come from. */
export interface CollectedBlock extends EncodedBlock {
  /** Positions of the `append` calls since the last `finish`. */
  readonly batches: readonly number[];
  /** Returns the position of the `append` call that brought a row, given the row's position in the block. */
  batchOf(row: number): number;
  /** Distinct symbols of the rows; empty when the record has no symbol. */
  readonly symbols: readonly string[];
  /** Releases the memory of the bytes for later blocks. Optional; call it only when the bytes are no longer read. */
  release(): void;
}

/** Rows accepted from a batch, and the reasons for the others by position in the batch. */
export interface Appended {
  readonly rowCount: number;
  /** Rows in which a decimal was rounded because the batch allows it. */
  readonly roundedCount: number;
  readonly errors: RowError[];
}

/** Turns many batches of one record into few blocks. */
export interface BlockCollector<N extends RecordName> {
  /**
   * Draws the version of a batch that is appended later: of two batches with rows of one key, the one drawn later wins, unless
   * it says that it was made earlier.
   * @throws ValidationError when the batch's time is wrong, or further ahead of the clock than the store takes
   */
  drawVersion(batch: Batch<N>): BatchVersion;
  /**
   * Adds the valid rows and reports the invalid ones. The batch is not read after the call has returned.
   * @param version - result of {@link drawVersion}; drawn now when missing
   * @throws ValidationError when the batch itself is invalid; then no row is added
   */
  append(batch: Batch<N>, version?: BatchVersion): Appended;
  /**
   * Appends as {@link append} does, in steps of about a millisecond, so that a large batch does not block the process.
   * Until the last step the batch must not change, and the collector must not be used otherwise.
   */
  appendInSteps(batch: Batch<N>, version?: BatchVersion): Generator<void, Appended, void>;
  readonly rowCount: number;
  /** Approximate bytes of the blocks that `finish` would return now. */
  readonly byteLength: number;
  /** Returns the collected blocks, each of one partition and none empty, and resets the collector. */
  finish(): CollectedBlock[];
}

/** Options of {@link BlockWriter.write}. */
export interface WriteBlockOptions extends CallOptions {
  /**
   * Whether to find the rows superseded by a newer version. This costs a query before the insert, and the comparison of
   * every row whose key is stored. @default false
   */
  readonly findSuperseded?: boolean;
}

/** The keys of {@link WriteBlockOptions}. */
export const WRITE_BLOCK_OPTIONS = keysOf<WriteBlockOptions>({
  signal: true,
  deadline: true,
  priority: true,
  findSuperseded: true,
});

/** The result of storing a block. */
export interface BlockReceipt {
  /**
   * Positions in the block, ascending, of the rows that lost to a newer version: one in the store, one of a block whose
   * write was called before and was still in progress, or one of an earlier row of the block. Null unless `findSuperseded`
   * was set.
   */
  readonly superseded: readonly number[] | null;
  /** Token with which a read sees the block; null where it was not stored, but journaled. */
  readonly writeToken: string | null;
}

/** Receipt of a block that was not stored, but journaled. */
export const JOURNALED: BlockReceipt = { superseded: null, writeToken: null };

/** Stores rows in two steps, encode and write, so that the encoded block can be kept until it is stored. */
export interface BlockWriter {
  collect<N extends RecordName>(record: N): BlockCollector<N>;

  /**
   * Stores a block once, however often it is written, also after a failure that left the result unknown
   * (until the store has forgotten the id; then the rows replace themselves). One attempt; an error that is not
   * `retryable` means that the store will never take this block. Rows that an earlier attempt stored do not supersede
   * themselves, so every attempt gives the same answer as long as nobody else writes their keys.
   */
  write(block: EncodedBlock, options?: WriteBlockOptions): Promise<BlockReceipt>;
}
