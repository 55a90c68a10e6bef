import type { CallOptions } from '@quantumtrade/dal-domain';
import { CacheError, isDatabaseError, TimeoutError } from '@quantumtrade/dal-domain';
import type { Breaker, Clock } from '@quantumtrade/dal-runtime';
import { Deadline } from '@quantumtrade/dal-runtime';

export interface GuardedCallOptions {
  /** Calls that this one counts as well. Their breaker takes a refusal as an answer, not as a failure. */
  readonly others?: GuardedCalls | undefined;
  readonly budgetMs?: number | undefined;
  /** Runs when the call has ended, before its caller continues. */
  readonly onEnd?: (() => void) | undefined;
}

/** Calls to the second level. Each ends within its budget, and none starts while the breaker is open. */
export class GuardedCalls {
  readonly breaker: Breaker;
  readonly #clock: Clock;
  readonly #budgetMs: number;
  #failureCount = 0;

  constructor(clock: Clock, breaker: Breaker, budgetMs: number) {
    this.breaker = breaker;
    this.#clock = clock;
    this.#budgetMs = budgetMs;
  }

  /** Number of calls that failed or exceeded their budget. */
  get failureCount(): number {
    return this.#failureCount;
  }

  /** Rejects with an error of the data layer. Only a retryable one counts as a failure of the second level. */
  async run<T>(
    operation: string,
    call: (options: CallOptions) => Promise<T>,
    { others, budgetMs = this.#budgetMs, onEnd }: GuardedCallOptions = {},
  ): Promise<T> {
    const report = this.breaker.admit();
    const reportToOthers = report && others && others.breaker.admit();
    if (report === undefined || (others && reportToOthers === undefined)) {
      throw new CacheError('calls are suspended after failures', { operation });
    }
    const deadline = new Deadline(
      { timeoutMs: budgetMs },
      (elapsedMs) => new TimeoutError(elapsedMs, { operation }),
      this.#clock,
    );
    try {
      const result = await deadline.race(call({ deadline: deadline.at }));
      report(false);
      reportToOthers?.(false);
      return result;
    } catch (error) {
      // Still running only when the call threw before it returned a promise.
      deadline.end();
      const isFailure = !isDatabaseError(error) || error.retryable;
      report(isFailure);
      reportToOthers?.(isFailure && !isRefusal(error));
      if (isFailure) this.#failureCount++;
      throw isDatabaseError(error) ? error : new CacheError('failed', { operation, cause: error });
    } finally {
      onEnd?.();
    }
  }
}

const isRefusal = (error: unknown) => isDatabaseError(error) && error.code === 'CACHE';
