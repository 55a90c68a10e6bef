import type { TimeSource } from './clock.js';

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

/** Reports the outcome of an admitted call. */
export type ReportOutcome = (failed: boolean) => void;

/** Circuit breaker: refuses calls while they keep failing. Half-open, it admits one probe at a time; the first outcome decides. */
export class Breaker {
  readonly #time: TimeSource;
  readonly #options: Required<BreakerOptions>;
  /** Latest outcomes, true for a failure. */
  #outcomes: boolean[] = [];
  #openUntil = 0;
  #state: BreakerState = 'closed';

  constructor(time: TimeSource, options: BreakerOptions = {}) {
    this.#time = time;
    this.#options = { window: 20, minimumCalls: 5, failureRate: 0.5, openMs: 1_000, ...options };
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Admits a call and returns the function that takes its outcome, or returns undefined when the call is refused. */
  admit(): ReportOutcome | undefined {
    if (this.#state === 'closed') {
      const outcomes = this.#outcomes;
      return (failed) => {
        // A call from before a change of state does not count.
        if (outcomes === this.#outcomes) this.#count(failed);
      };
    }
    if (this.#time.now() < this.#openUntil) return undefined;
    this.#state = 'half-open';
    this.#openUntil = this.#time.now() + this.#options.openMs;
    return (failed) => {
      if (this.#state === 'closed') this.#count(failed);
      else if (failed) this.#open();
      else this.#close();
    };
  }

  #count(failed: boolean): void {
    const { window, minimumCalls, failureRate } = this.#options;
    const outcomes = this.#outcomes;
    outcomes.push(failed);
    if (outcomes.length > window) outcomes.shift();
    if (!failed || outcomes.length < minimumCalls) return;
    if (outcomes.filter(Boolean).length >= failureRate * outcomes.length) this.#open();
  }

  #open(): void {
    this.#state = 'open';
    this.#outcomes = [];
    this.#openUntil = this.#time.now() + this.#options.openMs;
  }

  #close(): void {
    this.#state = 'closed';
    this.#outcomes = [];
  }
}
