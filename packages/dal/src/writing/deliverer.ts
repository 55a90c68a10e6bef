import type { Journal, ReadOptions } from '@quantumtrade/dal-journal';
import { decodeBlock } from './block-format.js';
import type { DeliveryParts } from './delivery.js';
import { attempt, bury } from './delivery.js';
import type { KnownBlock } from './known-block.js';
import { Backoff, isRefusal } from './retry.js';
import { sleep } from './timers.js';

/**
 * Brings what is in the journal to the store, in order and one block after the other. A failure that may pass is waited
 * for however long it takes; what the store refuses for good becomes a dead letter before the journal forgets it.
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
        await this.#pause(error);
      }
    }
  }

  async #deliverAll(options: ReadOptions): Promise<void> {
    for await (const { payload, position } of this.#journal.read(options)) {
      await this.#deliver(decodeBlock(payload));
      await this.#journal.advance(position);
      this.#isInDoubt = false;
      this.#backoff.reset();
    }
  }

  /** Ends when the block is stored or a dead letter. */
  async #deliver(block: KnownBlock): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      const isUnsent = !this.#isInDoubt;
      this.#isInDoubt = true;
      try {
        return await attempt(this.#parts.blocks, { ...block, isUnsent }, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        if (isRefusal(error)) return bury(this.#parts, block, error);
        await this.#pause(error);
        signal.throwIfAborted();
      }
    }
  }

  async #pause(error: unknown): Promise<void> {
    const delayMs = this.#backoff.next();
    this.#parts.emit({ type: 'delivery-delayed', delayMs, error });
    await sleep(delayMs, this.#parts.timers, this.#stop.signal).catch(() => undefined);
  }
}
