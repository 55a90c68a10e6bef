import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Batch, BlockWriter, CallOptions, DeadLetterStore, RecordName } from '@quantumtrade/dal-domain';
import {
  CALL_OPTIONS,
  checkCall,
  checkOptions,
  ConnectionError,
  copyBatch,
  keysOf,
  requireRecord,
  ValidationError,
} from '@quantumtrade/dal-domain';
import type { Journal } from '@quantumtrade/dal-journal';
import { promiseTry } from '@quantumtrade/dal-runtime';
import { ByteBudget } from './admission/byte-budget.js';
import type { FeedReceipt } from './batch-feed.js';
import { BatchFeed } from './batch-feed.js';
import { withoutThrowing } from './batch-writer-events.js';
import type { BatchWriterOptions, CompleteWriterOptions, WriteProgress } from './batch-writer-options.js';
import { completeWriterOptions, OPEN_WRITER } from './batch-writer-options.js';
import type { BatchWriter, CloseOptions, WriteAllOptions } from './batch-writer.js';
import type { PendingWrite } from './buffers/pending-write.js';
import type { RecordBuffer } from './buffers/record-buffer.js';
import { RecordBuffers } from './buffers/record-buffers.js';
import { journalDelivery, storeDelivery } from './delivery/block-delivery.js';
import { JournalDeliverer } from './delivery/journal-deliverer.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import { RowsNotStoredError } from './errors.js';

export interface BatchWriterParts {
  readonly blocks: BlockWriter;
  readonly deadLetters: DeadLetterStore;
  /** Required to write `journaled`. Its blocks are delivered in either case; the writer closes it. */
  readonly journal?: Journal;
  /** Called when the writer is closed and everything is settled. */
  readonly onClosed?: () => void;
}

/** @throws ValidationError when the options are wrong */
export function openBatchWriter(parts: BatchWriterParts, options: BatchWriterOptions = {}): BatchWriter {
  return new BlockBatchWriter(parts, options);
}

const WRITE_ALL_OPTIONS = keysOf<WriteAllOptions>({
  signal: true,
  deadline: true,
  priority: true,
  onProgress: true,
});
const CLOSE_OPTIONS = keysOf<CloseOptions>({ deadline: true });

const closedError = (operation: string) =>
  new ConnectionError('the batch writer is closed', { operation, retryable: false });

class BlockBatchWriter implements BatchWriter {
  readonly #options: CompleteWriterOptions;
  readonly #journal: Journal | undefined;
  readonly #onClosed: (() => void) | undefined;
  readonly #deliverer: JournalDeliverer | undefined;
  readonly #budget: ByteBudget;
  readonly #buffers: RecordBuffers;
  readonly #dispatcher: Dispatcher;
  readonly #pending = new Set<PendingWrite>();
  readonly #progressListeners = new Set<(progress: WriteProgress) => void>();
  #flushes = 0;
  #closed: Promise<void> | undefined;
  #abandoned: RowsNotStoredError | undefined;

  constructor({ blocks, deadLetters, journal, onClosed }: BatchWriterParts, options: BatchWriterOptions) {
    this.#options = completeWriterOptions(options);
    const { durability, clock, retry, maxPendingBytes, maxInFlight, onProgress } = this.#options;
    if (durability === 'journaled' && !journal) {
      throw new ValidationError('durability', 'needs a journal', { operation: OPEN_WRITER });
    }
    const parts = { blocks, deadLetters, clock, retry, emit: withoutThrowing(options.onEvent) };
    this.#journal = journal;
    this.#onClosed = onClosed;
    this.#deliverer = journal && new JournalDeliverer(journal, parts);
    this.#budget = new ByteBudget(maxPendingBytes, clock);
    this.#buffers = new RecordBuffers(blocks, this.#options);
    this.#dispatcher = new Dispatcher({
      buffers: this.#buffers,
      budget: this.#budget,
      deliver: durability === 'journaled' ? journalDelivery(parts, journal!) : storeDelivery(parts),
      maxInFlight,
      onStored: () => this.#reportProgress(),
    });
    if (onProgress) this.#progressListeners.add(onProgress);
  }

  async write<N extends RecordName>(record: N, batch: Batch<N>, options: CallOptions = {}) {
    return (await this.#accept(record, batch, options, true)).outcome;
  }

  async writeAll<N extends RecordName>(
    record: N,
    batches: AsyncIterable<Batch<N>> | Iterable<Batch<N>>,
    given: WriteAllOptions = {},
  ): Promise<FeedReceipt> {
    checkOptions(given, 'batchWriter.writeAll', WRITE_ALL_OPTIONS);
    requireIterable(batches);
    const { onProgress, ...options } = given;
    const feed = this.#feed(record, options);
    if (onProgress) this.#progressListeners.add(onProgress);
    try {
      try {
        for await (const batch of batches) await feed.add(batch);
      } catch (error) {
        await feed.end().catch(() => undefined);
        throw error;
      }
      return await feed.end();
    } finally {
      if (onProgress) this.#progressListeners.delete(onProgress);
    }
  }

  stream<N extends RecordName>(record: N, options: CallOptions = {}): Writable {
    checkOptions(options, 'batchWriter.stream', CALL_OPTIONS);
    const feed = this.#feed(record, options);
    const callBack = (done: (error?: Error) => void, promise: Promise<unknown>) =>
      void promise.then(() => done(), done);
    return new Writable({
      objectMode: true,
      highWaterMark: 1,
      write: (batch: Batch<N>, _encoding, done) => callBack(done, feed.add(batch)),
      final: (done) => callBack(done, feed.end()),
    });
  }

  async flush(): Promise<void> {
    this.#flushes++;
    try {
      this.#sendBuffered();
      // Calls that wait for free bytes were made before and are admitted before.
      await this.#budget.admit(() => this.#sendBuffered(), {}, 'batchWriter.flush');
      await Promise.allSettled([...this.#pending].map(({ outcome }) => outcome));
    } finally {
      this.#flushes--;
    }
  }

  progress(): WriteProgress {
    return {
      ...this.#dispatcher.totals,
      pendingBytes: this.#budget.used,
      journaledBlocks: this.#deliverer?.pending ?? 0,
      oldestJournaledAt: this.#deliverer?.oldestAt ?? null,
      deliveryPausedBy: this.#deliverer?.pausedBy ?? null,
    };
  }

  close(options: CloseOptions = {}): Promise<void> {
    return promiseTry(() => {
      checkOptions(options, 'batchWriter.close', CLOSE_OPTIONS);
      return this.#close(options);
    });
  }

  #close({ deadline = Infinity }: CloseOptions): Promise<void> {
    this.#closed ??= this.#shutDown();
    if (deadline === Infinity) return this.#closed;
    const { clock } = this.#options;
    const startedAt = clock.now();
    let cancel: (() => void) | undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = clock.after(Math.max(0, deadline - startedAt), () => {
        reject(this.#abandon(clock.now() - startedAt));
      });
    });
    return Promise.race([this.#closed, late]).finally(cancel);
  }

  #feed<N extends RecordName>(record: N, options: CallOptions): BatchFeed<Batch<N>> {
    return new BatchFeed(this.#options.durability, (batch) => this.#accept(record, batch, options, false));
  }

  /**
   * Appends a batch to its buffer when there are bytes left. With `whole`, it reads the batch before it returns, or a copy
   * that is made before it returns; otherwise in steps.
   */
  async #accept<N extends RecordName>(
    record: N,
    batch: Batch<N>,
    options: CallOptions,
    whole: boolean,
  ): Promise<PendingWrite> {
    requireRecord(record, 'batchWriter.write');
    const operation = `${record}.write`;
    checkCall(options, operation, CALL_OPTIONS, this.#options.clock);
    if (this.#closed) throw closedError(operation);
    const buffer = this.#buffers.of(record);
    const version = buffer.drawVersion(batch);
    let given = batch;
    return this.#budget.admit(
      () => this.#append(buffer, buffer.append(given, version), options, whole),
      options,
      operation,
      () => (given = whole ? copyBatch(record, batch) : batch),
    );
  }

  #append(
    buffer: RecordBuffer<RecordName>,
    steps: Iterator<void, PendingWrite, void>,
    options: CallOptions,
    whole: boolean,
  ): PendingWrite | Promise<PendingWrite> {
    const bytesBefore = buffer.byteLength;
    const appended = (write: PendingWrite) => {
      this.#budget.use(buffer.byteLength - bytesBefore);
      this.#track(buffer, write, options);
      return write;
    };
    let step = steps.next();
    while (whole && !step.done) step = steps.next();
    return step.done ? appended(step.value) : this.#appendRest(buffer, steps).then(appended);
  }

  async #appendRest(
    buffer: RecordBuffer<RecordName>,
    steps: Iterator<void, PendingWrite, void>,
  ): Promise<PendingWrite> {
    this.#buffers.busy = buffer;
    try {
      for (;;) {
        await nextTurn();
        const { done, value } = steps.next();
        if (done) return value;
      }
    } finally {
      this.#buffers.busy = undefined;
    }
  }

  /** Sends the rows of a write when they are due. */
  #track(buffer: RecordBuffer<RecordName>, write: PendingWrite, options: CallOptions): void {
    if (!write.settled) {
      this.#pending.add(write);
      void write.outcome.catch(() => undefined).then(() => this.#pending.delete(write));
      write.limit(options, this.#options.clock, `${buffer.record}.write`);
      if (this.#abandoned) write.fail(this.#abandoned);
      if (buffer.isFull) this.#dispatcher.takeBlocks(buffer);
      else if (this.#flushes > 0) this.#buffers.setDue(buffer);
      else {
        buffer.startTimer(() => {
          this.#buffers.setDue(buffer);
          this.#dispatcher.dispatch();
          this.#budget.admitWaiting();
        });
      }
    }
    this.#dispatcher.dispatch();
  }

  #sendBuffered(): void {
    this.#buffers.setAllDue();
    this.#dispatcher.dispatch();
  }

  #reportProgress(): void {
    for (const listener of this.#progressListeners) withoutThrowing(listener)(this.progress());
  }

  async #shutDown(): Promise<void> {
    this.#budget.rejectWaiting(closedError('batchWriter.write'));
    await this.flush();
    await this.#deliverer?.drain();
    await this.#journal?.close();
    this.#onClosed?.();
    if (this.#abandoned) throw this.#abandoned;
  }

  /** Gives up everything that is not settled. */
  #abandon(durationMs: number): RowsNotStoredError {
    if (this.#abandoned) return this.#abandoned;
    const rowCount = this.#buffers.rowCount + this.#dispatcher.rowCount;
    const { pending = 0, pausedBy = null } = this.#deliverer ?? {};
    const error = new RowsNotStoredError(durationMs, rowCount, pending, pausedBy);
    this.#abandoned = error;
    this.#closed!.catch(() => undefined);
    for (const write of this.#pending) write.fail(error);
    void this.#deliverer?.stop();
    return error;
  }
}

function requireIterable(batches: unknown): void {
  try {
    const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = batches as Partial<
      AsyncIterable<unknown> & Iterable<unknown>
    >;
    if (typeof (later ?? now) === 'function') return;
  } catch {
    // An object that cannot be read cannot be iterated either.
  }
  throw new ValidationError('batches', 'must be iterable', { operation: 'batchWriter.writeAll' });
}
