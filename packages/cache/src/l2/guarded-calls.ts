import type { CallOptions } from '@quantumtrade/dal-domain';
import { CacheError, isDatabaseError } from '@quantumtrade/dal-domain';
import { promiseTry } from '@quantumtrade/dal-runtime';
import type { CacheClock } from '../clock.js';
import { settle } from '../wait-for.js';
import type { Breaker, BreakerState } from './breaker.js';

export interface GuardedCallOptions {
  /** For which the call counts as well. They are not suspended, and there a refusal is no failure, for it is an answer. */
  readonly others?: GuardedCalls | undefined;
  readonly budgetMs?: number | undefined;
  /** Called when a call that was begun has ended, whatever its outcome, just before who waits for it is told. */
  readonly onEnd?: (() => void) | undefined;
}

/** Calls to the second level: each ends within the budget whatever the level does, and none begins while they keep failing. */
export class GuardedCalls {
  readonly #clock: CacheClock;
  readonly #breaker: Breaker;
  readonly #budgetMs: number;
  #failures = 0;

  constructor(clock: CacheClock, breaker: Breaker, budgetMs: number) {
    this.#clock = clock;
    this.#breaker = breaker;
    this.#budgetMs = budgetMs;
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Rejects with an error of the data layer. One that no repetition would mend does not count as a failure of the level. */
  run<T>(
    operation: string,
    call: (options: CallOptions) => Promise<T>,
    { others, budgetMs = this.#budgetMs, onEnd }: GuardedCallOptions = {},
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = this.#breaker.enter(operation);
      const leaveOthers = others && others.#breaker.enter(operation);
      const within = { deadline: this.#clock.now() + budgetMs };
      const work = promiseTry(() => call(within));
      settle(work, operation, within, this.#clock, {
        resolve: (result) => {
          leave(false);
          leaveOthers?.(false);
          onEnd?.();
          resolve(result);
        },
        reject: (error) => {
          const isFailure = !isDatabaseError(error) || error.retryable;
          leave(isFailure);
          leaveOthers?.(isFailure && !isRefusal(error));
          if (isFailure) this.#failures++;
          onEnd?.();
          reject(isDatabaseError(error) ? error : new CacheError('failed', { operation, cause: error }));
        },
      });
    });
  }
}

const isRefusal = (error: unknown) => isDatabaseError(error) && error.code === 'CACHE';
