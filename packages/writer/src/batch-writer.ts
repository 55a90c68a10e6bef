import type { Writable } from 'node:stream';
import type { Batch, CallOptions, RecordName } from '@quantumtrade/dal-domain';
import type { FeedReceipt } from './batch-feed.js';
import type { BatchWriterOptions, WriteProgress } from './batch-writer-options.js';
import type { WriteReceipt } from './buffers/pending-write.js';

/** Makes few blocks of many small batches. Each row is stored once, or its write is rejected. */
export interface BatchWriter {
  /**
   * Accepts a batch, as rows or as columns, and resolves when all its good rows are stored (or journaled). Of two writes of
   * one key the one called later wins, as with an insert. The batch is read, or copied while the writer is full, before the
   * call returns: then the caller may change it. The receipt counts rows that lost to a newer version (see
   * `countSuperseded`); it does not distinguish new rows from rows that replaced others.
   *
   * `deadline` and `signal` end the waiting. A call that still waits for free bytes is rejected without effect. Accepted
   * rows may be stored nevertheless, so writing them again is right, and harmless.
   * @throws ValidationError when the batch itself is wrong; then none of its rows is accepted
   * @throws RowsRefusedError when the store refused a block for good, and all other rows are stored or dead letters
   * @throws ConnectionError when the writer is closed, when the journal's disk fails or, unless it is journaled, when the
   *   store refuses the login or was unavailable for as many attempts as `retry` allows
   */
  write<N extends RecordName>(record: N, batch: Batch<N>, options?: CallOptions): Promise<WriteReceipt>;
  /**
   * Writes batch after batch, and requests the next one when there are bytes left. A large batch is read a millisecond's
   * work at a time, so it must not change before the next one is requested. Ends at the first failure, as `write` would;
   * resolves when everything is settled.
   */
  writeAll<N extends RecordName>(
    record: N,
    batches: AsyncIterable<Batch<N>> | Iterable<Batch<N>>,
    options?: WriteAllOptions,
  ): Promise<FeedReceipt>;
  /**
   * Returns {@link writeAll} as a Node stream of batches: `finish` comes when everything is settled. A batch must not change
   * before the callback of its `write`.
   */
  stream<N extends RecordName>(record: N, options?: CallOptions): Writable;
  /** Sends buffered rows immediately. Resolves when every write made before is settled, whatever its outcome. */
  flush(): Promise<void>;
  progress(): WriteProgress;
  /**
   * Accepts no more batches, rejects writes that wait for free bytes, and resolves when everything accepted is settled and
   * the journal delivered. May be called again. Without a deadline it waits as long as the store is unavailable.
   * @throws RowsNotStoredError when the deadline has passed
   */
  close(options?: CloseOptions): Promise<void>;
}

/** Options of {@link BatchWriter.writeAll}. */
export type WriteAllOptions = CallOptions & Pick<BatchWriterOptions, 'onProgress'>;

/** Options of {@link BatchWriter.close}. */
export interface CloseOptions {
  /** Time after which writes that are not settled are given up. @default Infinity (epoch milliseconds) */
  readonly deadline?: number;
}
