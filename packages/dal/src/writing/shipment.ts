import type { EncodedBlock } from '@quantumtrade/dal-domain';
import type { Ticket } from './ticket.js';

/** A block under way, and the callers who wait for it. Once none does, it need not arrive. */
export class Shipment {
  readonly block: EncodedBlock;
  readonly #release: () => void;
  readonly #controller = new AbortController();
  readonly #waiting: ((failure?: { error: unknown }) => void)[];

  /** `release` is called when the block has arrived, and is read no more. */
  constructor(block: EncodedBlock, tickets: readonly Ticket[], release: () => void) {
    this.block = block;
    this.#release = release;
    const abandon = () => {
      if (tickets.every(({ settled }) => settled)) this.#controller.abort();
    };
    this.#waiting = tickets.map((ticket) => ticket.waitFor(abandon));
    abandon();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(failure?: { error: unknown }): void {
    if (!failure) this.#release();
    for (const done of this.#waiting) done(failure);
  }
}
