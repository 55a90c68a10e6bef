import type { CallOptions } from '@quantumtrade/dal-domain';
import { CacheError, isDatabaseError, TimeoutError } from '@quantumtrade/dal-domain';
import type { Clock, TimeSource } from '@quantumtrade/dal-runtime';
import { CircuitBreaker, Deadline } from '@quantumtrade/dal-runtime';

export interface BreakerOptions {
  /** Number of latest outcomes considered. @default 20 (calls) */
  readonly window?: number;
  /** Fewer outcomes never open the breaker. @default 5 (calls) */
  readonly minimumCalls?: number;
  /** The share of failures that opens the breaker. @default 0.5 */
  readonly failureRate?: number;
  /** How long the breaker stays open before a probe, and how long a probe may take before the next. @default 1,000 (milliseconds) */
  readonly openMs?: number;
}

/** Creates the breaker of calls to the second level. It considers outcomes of any age and stays open for a constant time. */
export function createBreaker(time: TimeSource, options: BreakerOptions = {}): CircuitBreaker {
  const { window = 20, minimumCalls = 5, failureRate = 0.5, openMs = 1_000 } = options;
  return new CircuitBreaker(time, {
    window,
    windowMs: Infinity,
    minimumCalls,
    failureRate,
    openMs,
    maxOpenMs: openMs,
    openJitter: 0,
    probeTimeoutMs: openMs,
  });
}

export interface GuardedCallOptions {
  /** Calls that this one counts as well. Their breaker takes a refusal as an answer, not as a failure. */
  readonly others?: GuardedCalls | undefined;
  readonly budgetMs?: number | undefined;
  /** Runs when the call has ended, before its caller continues. */
  readonly onEnd?: (() => void) | undefined;
}

/** Calls to the second level. Each ends within its budget, and none starts while the breaker is open. */
export class GuardedCalls {
  readonly breaker: CircuitBreaker;
  readonly #clock: Clock;
  readonly #budgetMs: number;
  #failureCount = 0;

  /** @param budgetMs time limit of a call in milliseconds; `Infinity` for a second level whose calls do not wait */
  constructor(clock: Clock, breaker: CircuitBreaker, budgetMs: number) {
    this.breaker = breaker;
    this.#clock = clock;
    this.#budgetMs = budgetMs;
  }

  /** Number of calls that failed or exceeded their budget. */
  get failureCount(): number {
    return this.#failureCount;
  }

  /** Rejects with an error of the data layer. One that is an answer about the key or the arguments is no failure of the second level. */
  async run<T>(
    operation: string,
    call: (options: CallOptions | undefined) => Promise<T>,
    { others, budgetMs = this.#budgetMs, onEnd }: GuardedCallOptions = {},
  ): Promise<T> {
    const permit = this.breaker.tryEnter();
    const permitByOthers = permit && others?.breaker.tryEnter();
    if (permit === undefined || (others && permitByOthers === undefined)) {
      permit?.report('ignored');
      throw new CacheError('calls are suspended after failures', { operation });
    }
    let deadline: Deadline | undefined;
    if (budgetMs !== Infinity) {
      const timeoutError = (elapsedMs: number) => new TimeoutError(elapsedMs, { operation });
      deadline = new Deadline({ timeoutMs: budgetMs }, timeoutError, this.#clock);
    }
    try {
      const result = await (deadline ? deadline.race(call({ deadline: deadline.at })) : call(undefined));
      permit.report('success');
      permitByOthers?.report('success');
      return result;
    } catch (error) {
      // Still running only when the call threw before it returned a promise.
      deadline?.end();
      const isFailure = !isDatabaseError(error) || error.retryable || error.code === 'CONNECTION';
      permit.report(isFailure ? 'failure' : 'success');
      permitByOthers?.report(isFailure && !isRefusal(error) ? 'failure' : 'success');
      if (isFailure) this.#failureCount++;
      throw isDatabaseError(error) ? error : new CacheError('failed', { operation, cause: error });
    } finally {
      onEnd?.();
    }
  }
}

const isRefusal = (error: unknown) => isDatabaseError(error) && error.code === 'CACHE';
