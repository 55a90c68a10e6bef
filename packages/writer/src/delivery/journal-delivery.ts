import type { Journal, JournalRecord, ReadOptions } from '@quantumtrade/dal-journal';
import { Backoff } from '@quantumtrade/dal-runtime';
import { decodeBlock } from './block-format.js';
import type { DeliveryParts } from './delivery.js';
import { attempt, bury } from './delivery.js';
import type { KnownBlock } from './known-block.js';
import { delayAfter, isAccessFailure, isRefusal, messageOf } from '../retry.js';
import { sleep } from '../timers.js';

/**
 * Brings what is in the journal to the store, in order and one block after the other. A failure that may pass is waited
 * for however long it takes; what the store refuses for good becomes a dead letter before the journal forgets it. While the
 * store refuses the login or cannot be trusted, delivery is paused: it is tried at the longest delay.
 */
export class Deliverer {
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

  constructor(journal: Journal, parts: DeliveryParts) {
    this.#journal = journal;
    this.#parts = parts;
    this.#backoff = new Backoff(parts.retry);
    this.#ended = this.#run();
  }

  /** Blocks in the journal that are not known to be stored. */
  get pending(): number {
    return this.#journal.stats().pending;
  }

  /** Why delivery is paused, or null. */
  get pausedBy(): string | null {
    return this.#pausedBy === undefined ? null : messageOf(this.#pausedBy);
  }

  /** Ends delivery when everything in the journal is delivered, or when it is stopped. */
  async drain(): Promise<void> {
    this.#drain.abort();
    await this.#ended;
  }

  /** Ends delivery; a block under way is given up and stays in the journal. */
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

  async #deliverAll(options: ReadOptions): Promise<void> {
    for await (const record of this.#journal.read(options)) {
      const block = await this.#decode(record);
      if (block) await this.#deliver(block);
      await this.#journal.advance(record.position);
      this.#isInDoubt = false;
      this.#backoff.reset();
    }
  }

  /** Undefined where the record is no block; then it is set aside. */
  async #decode(record: JournalRecord): Promise<KnownBlock | undefined> {
    try {
      return decodeBlock(record.payload);
    } catch (error) {
      const file = await this.#journal.setAside(record);
      this.#parts.emit({ type: 'record-set-aside', recordId: record.id, file, error });
      return undefined;
    }
  }

  /** Ends when the block is stored or a dead letter. */
  async #deliver(block: KnownBlock): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      const isUnsent = !this.#isInDoubt;
      this.#isInDoubt = true;
      try {
        await attempt(this.#parts.blocks, { ...block, isUnsent }, { signal });
        return this.#resume();
      } catch (error) {
        if (signal.aborted) throw error;
        if (isRefusal(error)) {
          await bury(this.#parts, block, error);
          return this.#resume();
        }
        await this.#wait(error);
        signal.throwIfAborted();
      }
    }
  }

  async #wait(error: unknown): Promise<void> {
    const { emit, timers } = this.#parts;
    const delayMs = delayAfter(error, this.#backoff);
    if (!isAccessFailure(error)) emit({ type: 'delivery-delayed', delayMs, error });
    else {
      if (this.#pausedBy === undefined) emit({ type: 'delivery-paused', retryAfterMs: delayMs, error });
      this.#pausedBy = error;
    }
    await sleep(delayMs, timers, this.#stop.signal).catch(() => undefined);
  }

  #resume(): void {
    if (this.#pausedBy === undefined) return;
    this.#pausedBy = undefined;
    this.#parts.emit({ type: 'delivery-resumed' });
  }
}
