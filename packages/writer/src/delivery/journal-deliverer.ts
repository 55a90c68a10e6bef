import type { Journal, JournalRecord, JournalReadOptions } from '@quantumtrade/dal-journal';
import { Backoff, sleep } from '@quantumtrade/dal-runtime';
import { delayAfter, isAccessFailure, isPermanent, messageOf } from '../retry.js';
import type { AnnotatedBlock } from './annotated-block.js';
import type { DeliveryParts, JournalNotes } from './block-delivery.js';
import { attemptWrite, moveToDeadLetters } from './block-delivery.js';
import { decodeBlock } from './block-format.js';

/**
 * Delivers the journal to the store, in order and one block at a time. After a failure that may pass it retries without
 * limit; a block that the store refuses for good becomes a dead letter before the journal drops it. While the store refuses
 * the login or cannot be trusted, delivery is paused: it is attempted at the longest delay.
 */
export class JournalDeliverer {
  readonly #journal: Journal;
  readonly #parts: DeliveryParts;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  /** Ends the waiting for records to come. */
  readonly #drain = new AbortController();
  /** Whether the next block may have been sent before: by an earlier process, or by this one without success. */
  #isInDoubt = true;
  readonly #ended: Promise<void>;
  #pausedBy: unknown;
  /** When the block that is delivered now was journaled (epoch milliseconds). */
  #oldestAt: number | undefined;

  constructor(journal: Journal, parts: DeliveryParts) {
    this.#journal = journal;
    this.#parts = parts;
    this.#backoff = new Backoff(parts.retry);
    this.#ended = this.#run();
  }

  /** Number of blocks in the journal that are possibly not stored yet. */
  get pending(): number {
    return this.#journal.stats().pending;
  }

  /** When the oldest of these blocks was journaled (epoch milliseconds); null while there is none, or it was not read yet. */
  get oldestAt(): number | null {
    return this.pending === 0 ? null : (this.#oldestAt ?? null);
  }

  /** Reason why delivery is paused, or null. */
  get pausedBy(): string | null {
    return this.#pausedBy === undefined ? null : messageOf(this.#pausedBy);
  }

  /** Ends delivery when everything in the journal is delivered, or when it is stopped. */
  async drain(): Promise<void> {
    this.#drain.abort();
    await this.#ended;
  }

  /** Ends delivery. A block that is being sent is given up and stays in the journal. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.drain();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const draining = this.#drain.signal.aborted;
      try {
        await this.#deliverAll(draining ? { signal, follow: false } : { signal: this.#drain.signal });
        if (draining || !this.#drain.signal.aborted) return;
      } catch (error) {
        if (signal.aborted) return;
        await this.#wait(error);
      }
    }
  }

  async #deliverAll(options: JournalReadOptions): Promise<void> {
    for await (const record of this.#journal.read(options)) {
      const block = await this.#decode(record);
      if (block) await this.#deliver(block);
      await this.#journal.advance(record.position);
      this.#oldestAt = undefined;
      this.#isInDoubt = false;
      this.#backoff.reset();
    }
  }

  /** Returns undefined for a record that is no block, after moving it out of the way. */
  async #decode(record: JournalRecord): Promise<AnnotatedBlock | undefined> {
    try {
      const block = decodeBlock<JournalNotes>(record.payload);
      const { at } = block.notes;
      this.#oldestAt = at ?? this.#oldestAt ?? this.#parts.clock.now();
      return at === undefined ? block : { ...block, acknowledgedAt: at };
    } catch (error) {
      const file = await this.#journal.setAside(record);
      this.#parts.emit({ type: 'record-quarantined', recordId: record.id, file, error });
      return undefined;
    }
  }

  /** Resolves when the block is stored or a dead letter. */
  async #deliver(block: AnnotatedBlock): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      const isUnsent = !this.#isInDoubt;
      this.#isInDoubt = true;
      try {
        await attemptWrite(this.#parts.blocks, { ...block, isUnsent }, { signal });
        return this.#resume();
      } catch (error) {
        if (signal.aborted) throw error;
        if (isPermanent(error)) {
          await moveToDeadLetters(this.#parts, block, error);
          return this.#resume();
        }
        await this.#wait(error);
        signal.throwIfAborted();
      }
    }
  }

  async #wait(error: unknown): Promise<void> {
    const { emit, clock } = this.#parts;
    const delayMs = delayAfter(error, this.#backoff);
    if (!isAccessFailure(error)) emit({ type: 'delivery-delayed', delayMs, error });
    else {
      if (this.#pausedBy === undefined) emit({ type: 'delivery-paused', retryAfterMs: delayMs, error });
      this.#pausedBy = error;
    }
    await sleep(delayMs, clock, this.#stop.signal).catch(() => undefined);
  }

  #resume(): void {
    if (this.#pausedBy === undefined) return;
    this.#pausedBy = undefined;
    this.#parts.emit({ type: 'delivery-resumed' });
  }
}
