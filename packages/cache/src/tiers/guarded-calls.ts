import type { CallOptions } from '@quantumtrade/dal-domain';
import { CacheError, isDatabaseError, TimeoutError } from '@quantumtrade/dal-domain';
import type { Clock, TimeSource } from '@quantumtrade/dal-runtime';
import { Deadline } from '@quantumtrade/dal-runtime';

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

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Admission of a probe. Any other admission is the list that takes the call's outcome. */
const PROBE = Symbol('probe');

/** Passed to {@link Breaker.report} with the outcome of the admitted call. */
type Admission = typeof PROBE | boolean[];

/** Circuit breaker: refuses calls while they keep failing. Half-open, it admits one probe at a time; the first outcome decides. */
export class Breaker {
  /** Only the breaker itself changes it. */
  state: BreakerState = 'closed';
  readonly #time: TimeSource;
  readonly #options: Required<BreakerOptions>;
  /** Latest outcomes, true for a failure. */
  #outcomes: boolean[] = [];
  #openUntil = 0;

  constructor(time: TimeSource, options: BreakerOptions = {}) {
    this.#time = time;
    this.#options = { window: 20, minimumCalls: 5, failureRate: 0.5, openMs: 1_000, ...options };
  }

  /** Admits a call, or returns undefined when the call is refused. */
  admit(): Admission | undefined {
    if (this.state === 'closed') return this.#outcomes;
    if (this.#time.now() < this.#openUntil) return undefined;
    this.state = 'half-open';
    this.#openUntil = this.#time.now() + this.#options.openMs;
    return PROBE;
  }

  /** Takes the outcome of an admitted call. One that was admitted before a change of state does not count, except as a probe. */
  report(admission: Admission, failed: boolean): void {
    if (admission === PROBE && this.state !== 'closed') return this.#turn(failed ? 'open' : 'closed');
    const outcomes = this.#outcomes;
    if (admission !== PROBE && admission !== outcomes) return;
    const { window, minimumCalls, failureRate } = this.#options;
    outcomes.push(failed);
    if (outcomes.length > window) outcomes.shift();
    if (!failed || outcomes.length < minimumCalls) return;
    if (outcomes.filter(Boolean).length >= failureRate * outcomes.length) this.#turn('open');
  }

  #turn(state: 'open' | 'closed'): void {
    this.state = state;
    this.#outcomes = [];
    if (state === 'open') this.#openUntil = this.#time.now() + this.#options.openMs;
  }
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
  readonly breaker: Breaker;
  readonly #clock: Clock;
  readonly #budgetMs: number;
  #failureCount = 0;

  /** @param budgetMs time limit of a call in milliseconds; `Infinity` for a second level whose calls do not wait */
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
    call: (options: CallOptions | undefined) => Promise<T>,
    { others, budgetMs = this.#budgetMs, onEnd }: GuardedCallOptions = {},
  ): Promise<T> {
    const admission = this.breaker.admit();
    const admissionByOthers = admission && others?.breaker.admit();
    if (admission === undefined || (others && admissionByOthers === undefined)) {
      throw new CacheError('calls are suspended after failures', { operation });
    }
    let deadline: Deadline | undefined;
    if (budgetMs !== Infinity) {
      const timeoutError = (elapsedMs: number) => new TimeoutError(elapsedMs, { operation });
      deadline = new Deadline({ timeoutMs: budgetMs }, timeoutError, this.#clock);
    }
    try {
      const result = await (deadline ? deadline.race(call({ deadline: deadline.at })) : call(undefined));
      this.breaker.report(admission, false);
      if (admissionByOthers) others!.breaker.report(admissionByOthers, false);
      return result;
    } catch (error) {
      // Still running only when the call threw before it returned a promise.
      deadline?.end();
      const isFailure = !isDatabaseError(error) || error.retryable;
      this.breaker.report(admission, isFailure);
      if (admissionByOthers) others!.breaker.report(admissionByOthers, isFailure && !isRefusal(error));
      if (isFailure) this.#failureCount++;
      throw isDatabaseError(error) ? error : new CacheError('failed', { operation, cause: error });
    } finally {
      onEnd?.();
    }
  }
}

const isRefusal = (error: unknown) => isDatabaseError(error) && error.code === 'CACHE';
