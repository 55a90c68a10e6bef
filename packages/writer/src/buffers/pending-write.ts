import type { CallOptions, RowError } from '@quantumtrade/dal-domain';
import { checkTime } from '@quantumtrade/dal-domain';
import { RowsRefusedError } from '../rows-refused-error.js';
import type { Timers } from '../timers.js';
import { watchCall } from '../timers.js';

/** How sure it is that accepted rows stay: the store has them, or the journal has and the store will. */
export type Durability = 'acknowledged' | 'journaled';

/** What became of one batch. */
export interface WriteReceipt {
  /** Rows that are stored, or journaled. */
  readonly acceptedCount: number;
  /** Rows that were refused; each has its entry in `errors`. */
  readonly failedCount: number;
  /**
   * Accepted rows that lost to a newer version and are not what readers see. Counted as `countSuperseded` of the writer's
   * options says. Null when that is `never`, and when the rows are journaled: they are compared with the store only when
   * they are delivered.
   */
  readonly supersededCount: number | null;
  /** Accepted rows in which a decimal was rounded because the batch allows it. */
  readonly roundedCount: number;
  readonly errors: RowError[];
  readonly durability: Durability;
}

/** Tells a caller the end of a block that it waits for. */
export type Settle = (end: { readonly error: unknown } | { readonly supersededCount: number }) => void;

/** One caller, waiting for the blocks that have rows of its batch. */
export class Ticket {
  readonly outcome: Promise<WriteReceipt>;
  readonly #receipt: WriteReceipt;
  /** Whether the rows of this caller may lose to a newer version and are to be counted then. */
  readonly findSuperseded: boolean;
  /** Told when this caller no longer waits. */
  readonly #onLeave = new Set<() => void>();
  #settle!: { resolve(receipt: WriteReceipt): void; reject(error: unknown): void };
  #stopWatching: (() => void) | undefined;
  #outstanding = 0;
  #supersededCount = 0;
  #failure: { readonly error: unknown } | undefined;
  settled = false;

  constructor(receipt: WriteReceipt, findSuperseded: boolean) {
    this.#receipt = receipt;
    this.findSuperseded = findSuperseded;
    this.outcome = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Whoever awaits it hears of a failure; nobody has to.
    this.outcome.catch(() => undefined);
    if (receipt.acceptedCount === 0) this.#end(() => this.#settle.resolve(receipt));
  }

  /** From now on the call's limits end the waiting; at once if they have been passed. */
  watch(options: CallOptions, timers: Timers, operation: string): void {
    if (this.settled) return;
    try {
      checkTime(options, operation, timers);
      this.#stopWatching = watchCall(options, timers, operation, (error) => this.fail(error));
    } catch (error) {
      this.fail(error);
    }
  }

  /** One more block to wait for. Its end is told by `done`. */
  waitFor(onLeave: () => void): Settle {
    this.#outstanding++;
    this.#onLeave.add(onLeave);
    return (end) => {
      this.#onLeave.delete(onLeave);
      if ('supersededCount' in end) this.#supersededCount += end.supersededCount;
      // Rows kept as a dead letter are safe: what is told is a loss, if there is one.
      else if (!isLoss(this.#failure)) this.#failure = end;
      if (--this.#outstanding > 0) return;
      if (this.#failure) this.fail(this.#failure.error);
      else this.#end(() => this.#settle.resolve(this.#counted()));
    };
  }

  #counted(): WriteReceipt {
    if (this.#receipt.supersededCount === null) return this.#receipt;
    return { ...this.#receipt, supersededCount: this.#supersededCount };
  }

  /** Ends the waiting at once. */
  fail(error: unknown): void {
    this.#end(() => this.#settle.reject(error));
  }

  #end(settle: () => void): void {
    if (this.settled) return;
    this.settled = true;
    this.#stopWatching?.();
    settle();
    for (const onLeave of this.#onLeave) onLeave();
  }
}

const isLoss = (failure: { error: unknown } | undefined): boolean =>
  failure !== undefined &&
  !(failure.error instanceof RowsRefusedError && failure.error.deadLetterId !== undefined);
