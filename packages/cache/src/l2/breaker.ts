import { CacheError } from '@quantumtrade/dal-domain';
import type { CacheClock } from '../clock.js';

/** When calls to the second level are suspended. */
export interface BreakerOptions {
  /** The outcomes looked at, the latest ones. Default is 20. */
  readonly window?: number;
  /** Never opens on fewer outcomes than these. Default is 5. */
  readonly minimumCalls?: number;
  /** Opens when at least this part of the outcomes are failures. Default is 0.5. */
  readonly failureRate?: number;
  /** For how long it stays open before one call may try, and then before another may if that one takes so long. Default is 1,000 ms. */
  readonly openMs?: number;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Suspends calls that keep failing. Half-open it lets one call through at a time, and the first outcome decides. */
export class Breaker {
  readonly #clock: CacheClock;
  readonly #options: Required<BreakerOptions>;
  /** Latest outcomes, true for a failure. */
  #outcomes: boolean[] = [];
  #openUntil = 0;
  #state: BreakerState = 'closed';

  constructor(clock: CacheClock, options: BreakerOptions = {}) {
    this.#clock = clock;
    this.#options = { window: 20, minimumCalls: 5, failureRate: 0.5, openMs: 1_000, ...options };
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Admits a call, or throws `CacheError`. The function returned is to be told whether the call failed. */
  enter(operation: string): (failed: boolean) => void {
    if (this.#state !== 'closed' && this.#clock.now() >= this.#openUntil) {
      this.#state = 'half-open';
      this.#openUntil = this.#clock.now() + this.#options.openMs;
      return (failed) => {
        if (this.#state === 'closed') this.#count(failed);
        else if (failed) this.#open();
        else this.#close();
      };
    }
    if (this.#state !== 'closed') throw new CacheError('calls are suspended after failures', { operation });
    const outcomes = this.#outcomes;
    return (failed) => {
      if (outcomes === this.#outcomes) this.#count(failed);
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
    this.#openUntil = this.#clock.now() + this.#options.openMs;
  }

  #close(): void {
    this.#state = 'closed';
    this.#outcomes = [];
  }
}
