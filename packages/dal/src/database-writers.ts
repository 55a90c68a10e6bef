import type { BlockWriter, CallOptions, DeadLetterStore, PausedDelivery } from '@quantumtrade/dal-domain';
import { ConnectionError, LOSSLESS } from '@quantumtrade/dal-domain';
import { debugChannel, errorFields } from '@quantumtrade/dal-telemetry';
import type {
  BatchWriter,
  BatchWriterEventListener,
  BatchWriterOptions,
  GuaranteeMonitor,
  ReplayResult,
  RequiredGuarantees,
  WriterSetup,
} from '@quantumtrade/dal-writer';
import {
  openBatchWriter,
  replayDeadLetters,
  requireGuarantees,
  requireWriterOptions,
} from '@quantumtrade/dal-writer';

const CLOSE_MS = 10_000;

const debug = debugChannel('writer');

/** Returns a listener that publishes each event of a writer as a step. */
const debugged =
  (listener: BatchWriterEventListener | undefined): BatchWriterEventListener =>
  (event) => {
    const { type: message, ...fields } = { error: undefined, ...event };
    if (debug.hasSubscribers)
      debug.publish({ ...fields, message, error: fields.error && errorFields(fields.error) });
    listener?.(event);
  };

/** Work that batch writers have left. */
export interface WriterBacklog {
  readonly pendingBytes: number;
  readonly journaledBlocks: number;
  /** When the oldest of these blocks was journaled; `Infinity` while there is none (epoch milliseconds). */
  readonly oldestJournaledAt: number;
  /** Writers whose journal the store refuses until the cause is fixed. */
  readonly pausedDeliveries: number;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** The batch writers of a data layer, and their dead letters. */
export class DatabaseWriters {
  readonly #writing: WriterSetup | undefined;
  readonly #blocks: BlockWriter;
  readonly #guarantees: GuaranteeMonitor;
  readonly #open = new Set<BatchWriter>();

  constructor(writing: WriterSetup | undefined, blocks: BlockWriter, guarantees: GuaranteeMonitor) {
    this.#writing = writing;
    this.#blocks = blocks;
    this.#guarantees = guarantees;
  }

  /** Opens a batch writer. The configured options apply unless `given` has its own. */
  async open(given: BatchWriterOptions & RequiredGuarantees): Promise<BatchWriter> {
    requireWriterOptions(given, ['requires']);
    requireGuarantees(given.requires);
    const { requires, ...options } = given;
    const { storage, ...configured } = this.#requireWriting();
    const durability = options.durability ?? configured.durability ?? 'acknowledged';
    const maxRows = options.maxRows ?? configured.maxRows;
    const retry = { ...configured.retry, ...withoutUndefined(options.retry) };
    const journal = await storage.openJournal(durability);
    try {
      const blocks = await this.#guarantees.guard(this.#blocks, requires ?? (journal ? LOSSLESS : []));
      const onClosed = () => void this.#open.delete(writer);
      const parts = { blocks, deadLetters: storage.deadLetters, journal, onClosed };
      const onEvent = debugged(options.onEvent);
      const writer = openBatchWriter(parts, { ...options, durability, maxRows, retry, onEvent });
      this.#open.add(writer);
      return writer;
    } catch (error) {
      await journal?.close();
      throw error;
    }
  }

  get deadLetters(): DeadLetterStore {
    return this.#requireWriting().storage.deadLetters;
  }

  replay(ids: readonly string[], options: CallOptions | undefined): Promise<ReplayResult[]> {
    const { storage, retry } = this.#requireWriting();
    return replayDeadLetters(storage.deadLetters, this.#blocks, ids, options, retry);
  }

  /** Returns the writers whose journal the store does not accept at present. */
  pausedDeliveries(): PausedDelivery[] {
    return [...this.#open].flatMap((writer) => {
      const { journaledBlocks, deliveryPausedBy } = writer.progress();
      return deliveryPausedBy === null ? [] : [{ journaledBlocks, reason: deliveryPausedBy }];
    });
  }

  /** Returns the work that the open writers have left, summed. */
  backlog(): WriterBacklog {
    const progress = [...this.#open].map((writer) => writer.progress());
    const oldest = progress.map(({ oldestJournaledAt }) => oldestJournaledAt ?? Infinity);
    return {
      pendingBytes: sum(progress.map(({ pendingBytes }) => pendingBytes)),
      journaledBlocks: sum(progress.map(({ journaledBlocks }) => journaledBlocks)),
      oldestJournaledAt: Math.min(Infinity, ...oldest),
      pausedDeliveries: progress.filter(({ deliveryPausedBy }) => deliveryPausedBy !== null).length,
    };
  }

  /** Returns the number of dead letters; undefined without storage for them. Rejects when the disk fails. */
  async countDeadLetters(): Promise<number | undefined> {
    return this.#writing && (await this.#writing.storage.deadLetters.list()).length;
  }

  /** Closes each writer, waiting up to ten seconds; its outcome is in the list. */
  close(): Promise<PromiseSettledResult<void>[]> {
    const deadline = Date.now() + CLOSE_MS;
    return Promise.allSettled([...this.#open].map((writer) => writer.close({ deadline })));
  }

  #requireWriting(): WriterSetup {
    if (this.#writing) return this.#writing;
    const details = { operation: 'batchWriter.open', retryable: false };
    throw new ConnectionError('this data layer has no storage for batch writers', details);
  }
}

const withoutUndefined = (given: object = {}): object =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
