import type { EncodedBlock } from '@quantumtrade/dal-domain';
import type { Ticket } from './ticket.js';

/** A block under way, and the callers who wait for it. Once none does, it need not arrive. */
export class Shipment {
  readonly block: EncodedBlock;
  readonly #controller = new AbortController();
  readonly #waiting: ((failure?: { error: unknown }) => void)[];

  constructor(block: EncodedBlock, tickets: readonly Ticket[]) {
    this.block = block;
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
    for (const done of this.#waiting) done(failure);
  }
}
