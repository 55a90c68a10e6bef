import type { BlockReceipt, CollectedBlock, EncodedBlock } from '@quantumtrade/dal-domain';
import type { Settle, Ticket } from '../buffers/pending-write.js';

/** A block under way, and the callers who wait for it. Once none does, it need not arrive. */
export class Shipment {
  readonly block: EncodedBlock;
  /** Whether to find the rows that lose to a newer version. */
  readonly findSuperseded: boolean;
  readonly #collected: CollectedBlock;
  readonly #controller = new AbortController();
  /** By the batch that the caller waits for. */
  readonly #waiting = new Map<number, Settle>();

  /** @param tickets - of all batches that were collected with the block's */
  constructor(collected: CollectedBlock, tickets: readonly Ticket[]) {
    const { batches, batchOf: _, release: __, ...block } = collected;
    this.block = block;
    this.#collected = collected;
    const waiting = batches.map((batch) => tickets[batch]!);
    this.findSuperseded = waiting.some((ticket) => ticket.findSuperseded);
    const abandon = () => {
      if (waiting.every(({ settled }) => settled)) this.#controller.abort();
    };
    for (const batch of batches) this.#waiting.set(batch, tickets[batch]!.waitFor(abandon));
    abandon();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  fail(error: unknown): void {
    for (const settle of this.#waiting.values()) settle({ error });
  }

  /** To be called when the block has arrived, and is read no more. */
  end({ superseded }: BlockReceipt): void {
    const { batchOf, release } = this.#collected;
    const supersededCounts = new Map<number, number>();
    for (const row of superseded ?? []) {
      const batch = batchOf(row);
      supersededCounts.set(batch, (supersededCounts.get(batch) ?? 0) + 1);
    }
    release();
    for (const [batch, settle] of this.#waiting)
      settle({ supersededCount: supersededCounts.get(batch) ?? 0 });
  }
}
