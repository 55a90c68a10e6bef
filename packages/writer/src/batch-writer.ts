import { Writable } from 'node:stream';
import { setImmediate as othersTurn } from 'node:timers/promises';
import type {
  Batch,
  BlockReceipt,
  BlockWriter,
  CallOptions,
  DeadLetterStore,
  RecordName,
} from '@quantumtrade/dal-domain';
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
import { promiseTry } from '@quantumtrade/dal-runtime';
import type { Journal } from '@quantumtrade/dal-journal';
import type { Deliver } from './delivery/delivery.js';
import { journaling, storing } from './delivery/delivery.js';
import { Deliverer } from './delivery/journal-delivery.js';
import { quietly } from './events.js';
import type { FeedReceipt } from './batch-feed.js';
import { Feed } from './batch-feed.js';
import { Lane } from './buffers/record-buffer.js';
import { Room } from './admission/byte-budget.js';
import { RowsNotStoredError } from './rows-not-stored-error.js';
import type { Shipment } from './dispatch/in-flight-block.js';
import type { Ticket, WriteReceipt } from './buffers/pending-write.js';
import type { BatchWriterOptions, CompleteWriterOptions } from './writer-options.js';
import { OPEN_WRITER, withDefaults } from './writer-options.js';

export interface BatchWriterParts {
  readonly blocks: BlockWriter;
  readonly deadLetters: DeadLetterStore;
  /** Needed to be `journaled`. What is in it is delivered in either case; the writer closes it. */
  readonly journal?: Journal;
  /** Called when the writer is closed and everything is settled. */
  readonly onClosed?: () => void;
}

/** What a writer has done since it was opened, and what it has before it. */
export interface WriteProgress {
  /** Rows stored, or journaled; so the blocks and their bytes. */
  readonly rows: number;
  readonly blocks: number;
  readonly bytes: number;
  /** Bytes collected or under way. */
  readonly pendingBytes: number;
  /** Blocks in the journal that are not known to be stored. */
  readonly journaledBlocks: number;
  /** Why the store takes nothing from the journal until somebody mends it (a refused login, say); null while it does. */
  readonly deliveryPausedBy: string | null;
}

/** Turns many small batches into few blocks, and sees to it that each row is stored once or that its caller knows. */
export interface BatchWriter {
  /**
   * Takes a batch, as rows or as columns, and resolves when all its good rows are stored (or journaled). Of two writes of one
   * key the one called later wins, as with an insert. The batch is read, or copied while the writer is full, before the call
   * returns: then the caller may change it. The receipt counts rows that lost to a newer version (see `countSuperseded`); it
   * does not tell new rows from rows that replaced others.
   * `deadline` and `signal` end the waiting: a call that has not been let in is rejected and nothing of it is taken;
   * rows already taken may still be stored, so writing them again is right, and harmless.
   * @throws ValidationError when the batch itself is wrong; then nothing of it is taken
   * @throws RowsRefusedError when the store refused a block for good, and all other rows are stored or dead letters, too
   * @throws ConnectionError when the writer is closed, the journal's disk fails or, unless it is journaled, the store
   *   refuses the login or was away for as many attempts as `retry` allows
   */
  write<N extends RecordName>(record: N, batch: Batch<N>, options?: CallOptions): Promise<WriteReceipt>;
  /**
   * Writes batch after batch, asking for the next one as soon as there is room. A large batch is taken a millisecond's work
   * at a time, so it must not change before the next one is asked for. Ends at the first failure, as `write` would; resolves
   * when everything is settled.
   */
  writeAll<N extends RecordName>(
    record: N,
    batches: AsyncIterable<Batch<N>> | Iterable<Batch<N>>,
    options?: WriteAllOptions,
  ): Promise<FeedReceipt>;
  /**
   * As {@link writeAll}, as a Node stream of batches: `finish` comes when everything is settled. A batch must not change
   * before the callback of its `write`.
   */
  stream<N extends RecordName>(record: N, options?: CallOptions): Writable;
  /** Sends at once what is collected; resolves when every write made before is settled, whatever its outcome. */
  flush(): Promise<void>;
  progress(): WriteProgress;
  /**
   * Takes no more, turns away who waits to be let in, and resolves when everything taken is settled and the journal
   * delivered. Can be called again. Without a deadline it waits as long as the store is away.
   * @throws RowsNotStoredError past the deadline
   */
  close(options?: CloseOptions): Promise<void>;
}

/** Options of {@link BatchWriter.writeAll}. */
export type WriteAllOptions = CallOptions & Pick<BatchWriterOptions, 'onProgress'>;

/** Options of {@link BatchWriter.close}. */
export interface CloseOptions {
  /** Epoch milliseconds after which what is not settled is given up. Default is never. */
  readonly deadline?: number;
}

/** @throws ValidationError when the options are wrong */
export function openBatchWriter(parts: BatchWriterParts, options: BatchWriterOptions = {}): BatchWriter {
  return new BlockBatchWriter(parts, options);
}

const WRITE_ALL_OPTIONS = keysOf<WriteAllOptions>({ signal: true, deadline: true, onProgress: true });
const CLOSE_OPTIONS = keysOf<CloseOptions>({ deadline: true });

const closed = (operation: string) =>
  new ConnectionError('the batch writer is closed', { operation, retryable: false });

class BlockBatchWriter implements BatchWriter {
  readonly #options: CompleteWriterOptions;
  readonly #blocks: BlockWriter;
  readonly #journal: Journal | undefined;
  readonly #onClosed: (() => void) | undefined;
  readonly #deliver: Deliver;
  readonly #deliverer: Deliverer | undefined;
  readonly #room: Room;
  readonly #lanes = new Map<RecordName, Lane<RecordName>>();
  /** Lanes whose rows have waited long enough, the first one first. */
  readonly #due = new Set<Lane<RecordName>>();
  /** The lane that is in the middle of taking a batch. */
  #collecting: Lane<RecordName> | undefined;
  #flushes = 0;
  readonly #ready: Shipment[] = [];
  #inFlight = 0;
  readonly #shipments = new Set<Shipment>();
  readonly #tickets = new Set<Ticket>();
  readonly #listeners = new Set<(progress: WriteProgress) => void>();
  #done = { rows: 0, blocks: 0, bytes: 0 };
  #closed: Promise<void> | undefined;
  #abandoned: RowsNotStoredError | undefined;

  constructor({ blocks, deadLetters, journal, onClosed }: BatchWriterParts, options: BatchWriterOptions) {
    this.#options = withDefaults(options);
    const { durability, timers, retry, maxPendingBytes } = this.#options;
    const parts = { blocks, deadLetters, timers, retry, emit: quietly(options.onEvent) };
    if (durability === 'journaled' && !journal) {
      throw new ValidationError('durability', 'needs a journal', { operation: OPEN_WRITER });
    }
    this.#blocks = blocks;
    this.#journal = journal;
    this.#onClosed = onClosed;
    this.#deliver = durability === 'journaled' ? journaling(parts, journal!) : storing(parts);
    this.#deliverer = journal && new Deliverer(journal, parts);
    this.#room = new Room(maxPendingBytes, timers);
    if (options.onProgress) this.#listeners.add(options.onProgress);
  }

  async write<N extends RecordName>(record: N, batch: Batch<N>, options: CallOptions = {}) {
    return (await this.#take(record, batch, options, { atOnce: true })).outcome;
  }

  async writeAll<N extends RecordName>(
    record: N,
    batches: AsyncIterable<Batch<N>> | Iterable<Batch<N>>,
    given: WriteAllOptions = {},
  ): Promise<FeedReceipt> {
    checkOptions(given, 'batchWriter.writeAll', WRITE_ALL_OPTIONS);
    requireBatches(batches);
    const { onProgress, ...options } = given;
    const feed = this.#feed(record, options);
    if (onProgress) this.#listeners.add(onProgress);
    try {
      try {
        for await (const batch of batches) await feed.add(batch);
      } catch (error) {
        await feed.end().catch(() => undefined);
        throw error;
      }
      return await feed.end();
    } finally {
      if (onProgress) this.#listeners.delete(onProgress);
    }
  }

  stream<N extends RecordName>(record: N, options: CallOptions = {}): Writable {
    checkOptions(options, 'batchWriter.stream', CALL_OPTIONS);
    const feed = this.#feed(record, options);
    const tell = (done: (error?: Error) => void, promise: Promise<unknown>) =>
      void promise.then(() => done(), done);
    return new Writable({
      objectMode: true,
      highWaterMark: 1,
      write: (batch: Batch<N>, _encoding, done) => tell(done, feed.add(batch)),
      final: (done) => tell(done, feed.end()),
    });
  }

  async flush(): Promise<void> {
    this.#flushes++;
    try {
      this.#sendCollected();
      // Who came before is let in before.
      await this.#room.enter(() => this.#sendCollected(), {}, 'batchWriter.flush');
      await Promise.allSettled([...this.#tickets].map(({ outcome }) => outcome));
    } finally {
      this.#flushes--;
    }
  }

  progress(): WriteProgress {
    return {
      ...this.#done,
      pendingBytes: this.#room.used,
      journaledBlocks: this.#deliverer?.pending ?? 0,
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
    const { timers } = this.#options;
    const started = timers.now();
    let cancel: (() => void) | undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = timers.after(Math.max(0, deadline - started), () => {
        reject(this.#abandon(timers.now() - started));
      });
    });
    return Promise.race([this.#closed, late]).finally(cancel);
  }

  #feed<N extends RecordName>(record: N, options: CallOptions): Feed<Batch<N>> {
    const take = (batch: Batch<N>) => this.#take(record, batch, options, { atOnce: false });
    return new Feed(this.#options.durability, take);
  }

  /** Waits for room and takes the rows; `atOnce` before it returns, or of a copy that is made before it returns. */
  async #take<N extends RecordName>(
    record: N,
    batch: Batch<N>,
    options: CallOptions,
    { atOnce }: { readonly atOnce: boolean },
  ): Promise<Ticket> {
    requireRecord(record, 'batchWriter.write');
    const operation = `${record}.write`;
    checkCall(options, operation, CALL_OPTIONS, this.#options.timers);
    if (this.#closed) throw closed(operation);
    const lane = this.#lane(record);
    const version = lane.drawVersion(batch);
    let given = batch;
    return this.#room.enter(
      () => this.#collect(lane, lane.append(given, version), options, atOnce),
      options,
      operation,
      () => (given = atOnce ? copyBatch(record, batch) : batch),
    );
  }

  #collect(
    lane: Lane<RecordName>,
    steps: Iterator<void, Ticket, void>,
    options: CallOptions,
    atOnce: boolean,
  ): Ticket | Promise<Ticket> {
    const before = lane.byteLength;
    const collected = (ticket: Ticket) => {
      this.#room.use(lane.byteLength - before);
      this.#collected(lane, ticket, options);
      return ticket;
    };
    let step = steps.next();
    while (atOnce && !step.done) step = steps.next();
    return step.done ? collected(step.value) : this.#collectRest(lane, steps).then(collected);
  }

  async #collectRest(lane: Lane<RecordName>, steps: Iterator<void, Ticket, void>): Promise<Ticket> {
    this.#collecting = lane;
    try {
      for (;;) {
        await othersTurn();
        const { done, value } = steps.next();
        if (done) return value;
      }
    } finally {
      this.#collecting = undefined;
    }
  }

  #collected(lane: Lane<RecordName>, ticket: Ticket, options: CallOptions): void {
    const { timers, maxRows, maxBytes } = this.#options;
    if (!ticket.settled) {
      this.#tickets.add(ticket);
      void ticket.outcome.catch(() => undefined).then(() => this.#tickets.delete(ticket));
      ticket.watch(options, timers, `${lane.record}.write`);
      if (this.#abandoned) ticket.fail(this.#abandoned);
      if (lane.isFull(maxRows) || lane.byteLength >= maxBytes) this.#finish(lane);
      else if (this.#flushes > 0) this.#due.add(lane);
      else
        lane.stopTimer ??= timers.after(this.#untilDue(lane), () => {
          this.#due.add(lane);
          this.#pump();
          this.#room.admit();
        });
    }
    this.#pump();
  }

  /** The clock may have been set since the last rows left. */
  #untilDue({ leftAt }: Lane<RecordName>): number {
    const { timers, maxAgeMs } = this.#options;
    return Math.min(Math.max(leftAt + maxAgeMs - timers.now(), 0), maxAgeMs);
  }

  #lane<N extends RecordName>(record: N): Lane<N> {
    let lane = this.#lanes.get(record);
    if (!lane) this.#lanes.set(record, (lane = new Lane(this.#blocks, record, this.#options)));
    return lane as Lane<N>;
  }

  #finish(lane: Lane<RecordName>): void {
    this.#due.delete(lane);
    lane.leftAt = this.#options.timers.now();
    this.#room.use(-lane.byteLength);
    for (const shipment of lane.finish()) {
      this.#room.use(shipment.block.bytes.byteLength);
      this.#shipments.add(shipment);
      this.#ready.push(shipment);
    }
  }

  #sendCollected(): void {
    for (const lane of this.#lanes.values()) if (lane.rowCount > 0) this.#due.add(lane);
    this.#pump();
  }

  /** Sends while it may. A lane that is due goes on collecting until there is somebody to carry its rows. */
  #pump(): void {
    while (this.#inFlight < this.#options.maxInFlight) {
      const due = [...this.#due].find((lane) => lane !== this.#collecting);
      if (this.#ready.length === 0 && due) this.#finish(due);
      const shipment = this.#ready.shift();
      if (shipment) this.#send(shipment);
      else if (!due) break;
    }
  }

  #send(shipment: Shipment): void {
    this.#inFlight++;
    void this.#carry(shipment).then(() => {
      this.#inFlight--;
      this.#shipments.delete(shipment);
      this.#room.use(-shipment.block.bytes.byteLength);
      this.#pump();
      this.#room.admit();
    });
  }

  async #carry(shipment: Shipment): Promise<void> {
    const { block, signal, findSuperseded } = shipment;
    let receipt: BlockReceipt;
    try {
      receipt = await this.#deliver(block, { signal, findSuperseded });
    } catch (error) {
      return shipment.fail(error);
    }
    const { rows, blocks, bytes } = this.#done;
    this.#done = { rows: rows + block.rowCount, blocks: blocks + 1, bytes: bytes + block.bytes.byteLength };
    shipment.end(receipt);
    for (const listener of this.#listeners) quietly(listener)(this.progress());
  }

  async #shutDown(): Promise<void> {
    this.#room.turnAway(closed('batchWriter.write'));
    await this.flush();
    await this.#deliverer?.drain();
    await this.#journal?.close();
    this.#onClosed?.();
    if (this.#abandoned) throw this.#abandoned;
  }

  /** Gives up what is under way, and tells those who wait for it. */
  #abandon(durationMs: number): RowsNotStoredError {
    if (this.#abandoned) return this.#abandoned;
    const collected = [...this.#lanes.values()].reduce((sum, { rowCount }) => sum + rowCount, 0);
    const underWay = [...this.#shipments].reduce((sum, { block }) => sum + block.rowCount, 0);
    const { pending = 0, pausedBy = null } = this.#deliverer ?? {};
    const error = new RowsNotStoredError(durationMs, collected + underWay, pending, pausedBy);
    this.#abandoned = error;
    this.#closed!.catch(() => undefined);
    for (const ticket of this.#tickets) ticket.fail(error);
    void this.#deliverer?.stop();
    return error;
  }
}

function requireBatches(batches: unknown): void {
  try {
    const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = batches as Partial<
      AsyncIterable<unknown> & Iterable<unknown>
    >;
    if (typeof (later ?? now) === 'function') return;
  } catch {
    // What cannot be looked at cannot be iterated either.
  }
  throw new ValidationError('batches', 'must be iterable', { operation: 'batchWriter.writeAll' });
}
