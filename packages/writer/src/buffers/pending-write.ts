import type { CallOptions, RowError } from '@quantumtrade/dal-domain';
import { checkTime, joinWriteTokens, TimeoutError } from '@quantumtrade/dal-domain';
import type { Clock } from '@quantumtrade/dal-runtime';
import { Deadline } from '@quantumtrade/dal-runtime';
import { RowsRefusedError } from '../errors.js';

/** When accepted rows are safe: once the store has them, or once the journal has them and the store will get them. */
export type Durability = 'acknowledged' | 'journaled';

/** Result of one batch. */
export interface WriteReceipt {
  /** Rows that are stored, or journaled. */
  readonly acceptedCount: number;
  /** Rows that were refused; each has its entry in `errors`. */
  readonly failedCount: number;
  /**
   * Accepted rows that lost to a newer version and are not what readers see. The `countSuperseded` option says which batches
   * are counted. Null with `never`, and when the rows are journaled: they are compared with the store only when they are
   * delivered.
   */
  readonly supersededCount: number | null;
  /** Accepted rows in which a decimal was rounded because the batch allows it. */
  readonly roundedCount: number;
  readonly errors: RowError[];
  readonly durability: Durability;
  /**
   * Token with which a later read sees these rows: see `readAfter`. Null when no row was accepted, and when the rows are journaled:
   * they are not in the store yet.
   */
  readonly writeToken: string | null;
}

/** Outcome of a block for one of the writes that have rows in it. */
export type BlockOutcome =
  { readonly error: unknown } | { readonly supersededCount: number; readonly writeToken: string | null };

/** A write that waits for the blocks with rows of its batch. */
export class PendingWrite {
  readonly outcome: Promise<WriteReceipt>;
  /** Whether the rows that lose to a newer version are to be found. */
  readonly findSuperseded: boolean;
  readonly #receipt: WriteReceipt;
  /** Called when the write no longer waits. */
  readonly #onSettled = new Set<() => void>();
  #settle!: { resolve(receipt: WriteReceipt): void; reject(error: unknown): void };
  #deadline: Deadline | undefined;
  #pendingBlocks = 0;
  #supersededCount = 0;
  readonly #writeTokens: (string | null)[] = [];
  #failure: { readonly error: unknown } | undefined;
  settled = false;

  constructor(receipt: WriteReceipt, findSuperseded: boolean) {
    this.#receipt = receipt;
    this.findSuperseded = findSuperseded;
    this.outcome = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // An unawaited rejection must not end the process.
    this.outcome.catch(() => undefined);
    if (receipt.acceptedCount === 0) this.#end(() => this.#settle.resolve(receipt));
  }

  /** Applies the limits of the call from now on. A call that is over is rejected immediately. */
  limit(options: CallOptions, clock: Clock, operation: string): void {
    if (this.settled) return;
    try {
      checkTime(options, operation, clock);
    } catch (error) {
      return this.fail(error);
    }
    if (!options.signal && options.deadline === undefined) return;
    this.#deadline = new Deadline(options, (ms) => new TimeoutError(ms, { operation }), clock);
    this.#deadline.onAbort((error) => this.fail(error));
  }

  /** Waits for one more block. Returns the function that reports the block's outcome. */
  addBlock(onSettled: () => void): (outcome: BlockOutcome) => void {
    this.#pendingBlocks++;
    this.#onSettled.add(onSettled);
    return (outcome) => {
      this.#onSettled.delete(onSettled);
      if ('supersededCount' in outcome) {
        this.#supersededCount += outcome.supersededCount;
        this.#writeTokens.push(outcome.writeToken);
      }
      // Rows in a dead letter are safe: a failure that lost rows counts more.
      else if (!isLoss(this.#failure)) this.#failure = outcome;
      if (--this.#pendingBlocks > 0) return;
      if (this.#failure) this.fail(this.#failure.error);
      else this.#end(() => this.#settle.resolve(this.#completeReceipt()));
    };
  }

  /** Rejects the write immediately. */
  fail(error: unknown): void {
    this.#end(() => this.#settle.reject(error));
  }

  #completeReceipt(): WriteReceipt {
    const supersededCount = this.#receipt.supersededCount === null ? null : this.#supersededCount;
    return { ...this.#receipt, supersededCount, writeToken: joinWriteTokens(this.#writeTokens) };
  }

  #end(settle: () => void): void {
    if (this.settled) return;
    this.settled = true;
    this.#deadline?.end();
    settle();
    for (const onSettled of this.#onSettled) onSettled();
  }
}

const isLoss = (failure: { readonly error: unknown } | undefined): boolean =>
  failure !== undefined &&
  !(failure.error instanceof RowsRefusedError && failure.error.deadLetterId !== undefined);
