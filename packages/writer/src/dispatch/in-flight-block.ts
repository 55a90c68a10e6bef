import type { BlockReceipt, CollectedBlock, EncodedBlock } from '@quantumtrade/dal-domain';
import type { BlockOutcome, PendingWrite } from '../buffers/pending-write.js';

/** A block on its way to the store or the journal, and the writes that wait for it. It is given up when none waits any more. */
export class InFlightBlock {
  readonly block: EncodedBlock;
  /** Whether the rows that lose to a newer version are to be found. */
  readonly findSuperseded: boolean;
  readonly #collected: CollectedBlock;
  readonly #controller = new AbortController();
  /** Reports the outcome to a write, by the position of its batch. */
  readonly #reports = new Map<number, (outcome: BlockOutcome) => void>();

  /** @param writes - of all batches that were collected together */
  constructor(collected: CollectedBlock, writes: readonly PendingWrite[]) {
    const { batches, batchOf: _, release: __, ...block } = collected;
    this.block = block;
    this.#collected = collected;
    const waiting = batches.map((batch) => writes[batch]!);
    this.findSuperseded = waiting.some((write) => write.findSuperseded);
    const giveUp = () => {
      if (waiting.every(({ settled }) => settled)) this.#controller.abort();
    };
    for (const batch of batches) this.#reports.set(batch, writes[batch]!.addBlock(giveUp));
    giveUp();
  }

  /** Aborts when no write waits for the block any more. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Settles the writes. The bytes of the block are not read any more. */
  complete({ superseded, writeToken }: BlockReceipt): void {
    const { batchOf, release } = this.#collected;
    const supersededCounts = new Map<number, number>();
    for (const row of superseded ?? []) {
      const batch = batchOf(row);
      supersededCounts.set(batch, (supersededCounts.get(batch) ?? 0) + 1);
    }
    release();
    for (const [batch, report] of this.#reports)
      report({ supersededCount: supersededCounts.get(batch) ?? 0, writeToken });
  }

  fail(error: unknown): void {
    for (const report of this.#reports.values()) report({ error });
  }
}
