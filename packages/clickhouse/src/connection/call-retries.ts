import { Backoff, decideRetry, type RetryBudget } from '@quantumtrade/dal-runtime';
import type { CompleteSettings } from '../settings.js';
import type { Failure } from './classify-failure.js';
import type { Statement } from './statement.js';

/** State of a call after a failed attempt. */
export interface CallState {
  /** Whether another endpoint, which the call has not tried, may answer it now. */
  readonly hasOther: boolean;
  /** Whether the attempt was ended in order to go on elsewhere. */
  readonly isMoved: boolean;
  /** Time left until the deadline of the call (milliseconds). */
  readonly remainingMs: number;
}

/** The further attempts of one call. */
export class CallRetries {
  readonly #statement: Statement;
  readonly #settings: CompleteSettings['retry'];
  readonly #budget: RetryBudget;
  readonly #backoff: Backoff;
  #failures = 0;

  constructor(statement: Statement, settings: CompleteSettings['retry'], budget: RetryBudget) {
    this.#statement = statement;
    this.#settings = settings;
    this.#budget = budget;
    this.#backoff = new Backoff(settings);
  }

  /**
   * Returns the delay before the next attempt (milliseconds); undefined when no attempt may follow. A retry counts against the retry
   * budget, a move to another server does not.
   */
  next(failure: Failure, { hasOther, isMoved, remainingMs }: CallState): number | undefined {
    const { idempotency, retriedByCaller } = this.#statement;
    const retryable = isWorthRetrying(failure) || (hasOther && failure.code !== 'TIMEOUT');
    if ((hasOther || isMoved) && retryable && this.mayMove(failure)) return 0;
    if (retriedByCaller && !hasOther) return undefined;
    const { sent, retryAfterMs = 0 } = failure;
    const decision = decideRetry(
      { class: idempotency, retryable, sent, retryAfterMs },
      {
        attempts: ++this.#failures,
        maxAttempts: this.#maxAttempts,
        remainingMs,
        backoff: this.#backoff,
        budget: this.#budget,
      },
    );
    if (decision === 'no') return undefined;
    return hasOther ? 0 : decision.delayMs;
  }

  /**
   * Whether the call may leave the server for another one, however many attempts it has made: one that leaves a broken connection takes its
   * share of the work along, and is no further load; so is one that leaves a server without its table.
   */
  mayMove({ code, missing }: Failure): boolean {
    return (code === 'CONNECTION' || missing !== undefined) && this.#maxAttempts > 1;
  }

  get #maxAttempts(): number {
    return this.#statement.retriedByCaller ? Infinity : this.#settings.maxAttempts;
  }
}

/** Whether a further attempt may succeed. A call that cannot make its deadline now cannot make it later. */
export const isWorthRetrying = ({ retryable, code }: Failure): boolean => retryable && code !== 'TIMEOUT';
