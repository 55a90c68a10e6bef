import type { CallOutcome } from './call-outcome.js';
import type { TimeSource } from './clock.js';

export interface CircuitBreakerOptions {
  /** Number of latest outcomes considered. @default 100 (calls) */
  readonly window?: number;
  /** Older outcomes are not considered. @default 10,000 (milliseconds) */
  readonly windowMs?: number;
  /** Fewer outcomes never open the breaker. @default 10 (calls) */
  readonly minimumCalls?: number;
  /** The share of failures that opens the breaker. @default 0.5 */
  readonly failureRate?: number;
  /** Bound of the first open time. @default 1,000 (milliseconds) */
  readonly openMs?: number;
  /** Bound of every open time. @default 10,000 (milliseconds) */
  readonly maxOpenMs?: number;
  /** Factor by which the bound grows when the breaker opens again; 1 keeps it constant. @default 2 */
  readonly openMultiplier?: number;
  /** Share of the bound that is drawn at random, so that processes do not probe together; from 0 to 1. @default 0.5 */
  readonly openJitter?: number;
  /** How long a probe may take before the next is admitted. @default 1,000 (milliseconds) */
  readonly probeTimeoutMs?: number;
  /** Returns numbers from 0 to less than 1. @default Math.random */
  readonly random?: () => number;
}

/** `closed`: calls pass. `open`: calls are refused. `half-open`: one probe at a time passes. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Permission for one call. */
export interface BreakerPermit {
  /** Takes the outcome of the call. */
  report(outcome: CallOutcome): void;
}

/**
 * Circuit breaker: refuses calls to a server while they keep failing.
 *
 * It opens when at least `minimumCalls` of the latest calls are known and the given share of them failed. After the open time the next call is a
 * probe; its success closes the breaker, its failure opens it again for longer. The open time begins anew with `openMs` once the breaker
 * was closed for longer than it was open before, so a server that fails again after each probe is not tried each second.
 *
 * No permit is lost: a probe whose outcome is `ignored`, or does not come within `probeTimeoutMs`, lets the next call probe. A late success
 * of such a probe still closes the breaker, a late failure means nothing. Breakers that wait for every probe stay half-open for ever
 * (resilience4j#544, resilience4j#935). Outcomes of calls that were admitted before a change of state do not count.
 *
 * State changes by time happen when a call asks for a permit; there are no timers.
 */
export class CircuitBreaker {
  /** `open` until a call asks for a permit after the open time. */
  state: BreakerState = 'closed';
  readonly #time: TimeSource;
  readonly #options: Required<CircuitBreakerOptions>;
  /** Undefined unless the breaker is closed. */
  #closedPeriod: ClosedPeriod | undefined;
  /** The running probe, whose result closes or opens the breaker; undefined while none runs. */
  #probe: BreakerPermit | undefined;
  /** When the next probe may be admitted. */
  #probeAt = 0;
  #closedAt = -Infinity;
  #openedForMs = 0;
  #openBoundMs = 0;

  constructor(time: TimeSource, options: CircuitBreakerOptions = {}) {
    this.#time = time;
    this.#options = {
      window: 100,
      windowMs: 10_000,
      minimumCalls: 10,
      failureRate: 0.5,
      openMs: 1_000,
      maxOpenMs: 10_000,
      openMultiplier: 2,
      openJitter: 0.5,
      probeTimeoutMs: 1_000,
      random: Math.random,
      ...options,
    };
    this.#closedPeriod = this.#beginClosedPeriod();
  }

  /** Milliseconds until the next probe may be admitted; 0 when a call may be admitted now. */
  get retryAfterMs(): number {
    if (this.#closedPeriod) return 0;
    const { maxOpenMs, probeTimeoutMs } = this.#options;
    const waitMs = this.#probeAt - this.#time.now();
    // A longer time is left only when the clock was set back.
    return waitMs > Math.max(maxOpenMs, probeTimeoutMs) ? 0 : Math.max(0, waitMs);
  }

  /** Admits a call, or returns undefined when the call is refused. An admitted call reports its outcome to the permit, once. */
  tryEnter(): BreakerPermit | undefined {
    if (this.#closedPeriod) return this.#closedPeriod;
    if (this.retryAfterMs > 0) return undefined;
    this.state = 'half-open';
    this.#probeAt = this.#time.now() + this.#options.probeTimeoutMs;
    const probe: BreakerPermit = { report: (outcome) => this.#onProbe(probe, outcome) };
    this.#probe = probe;
    return probe;
  }

  #onProbe(probe: BreakerPermit, outcome: CallOutcome): void {
    if (this.#closedPeriod) return;
    if (outcome === 'success') return this.#close();
    if (probe !== this.#probe) return;
    this.#probe = undefined;
    if (outcome === 'ignored') this.#probeAt = this.#time.now();
    else this.#open();
  }

  #close(): void {
    this.state = 'closed';
    this.#probe = undefined;
    this.#closedAt = this.#time.now();
    this.#closedPeriod = this.#beginClosedPeriod();
  }

  #open(): void {
    const { openMs, maxOpenMs, openMultiplier, openJitter, random } = this.#options;
    const now = this.#time.now();
    const isRepeated = this.state === 'half-open' || now - this.#closedAt <= this.#openedForMs;
    this.#openBoundMs = Math.min(maxOpenMs, isRepeated ? this.#openBoundMs * openMultiplier : openMs);
    this.#openedForMs = this.#openBoundMs * (1 - openJitter * random());
    this.state = 'open';
    this.#closedPeriod = undefined;
    this.#probeAt = now + this.#openedForMs;
  }

  #beginClosedPeriod(): ClosedPeriod {
    const period = new ClosedPeriod(this.#time, this.#options, () => {
      if (this.#closedPeriod === period) this.#open();
    });
    return period;
  }
}

/** Outcomes between two openings of a breaker: a ring of the latest, and the permit that all its calls share. */
class ClosedPeriod implements BreakerPermit {
  readonly #time: TimeSource;
  readonly #options: Required<CircuitBreakerOptions>;
  readonly #openBreaker: () => void;
  readonly #failed: boolean[] = [];
  readonly #at: number[] = [];
  /** Index of the oldest outcome. */
  #oldest = 0;
  #count = 0;
  #failures = 0;

  constructor(time: TimeSource, options: Required<CircuitBreakerOptions>, openBreaker: () => void) {
    this.#time = time;
    this.#options = options;
    this.#openBreaker = openBreaker;
  }

  report(outcome: CallOutcome): void {
    if (outcome === 'ignored') return;
    const { window, windowMs, minimumCalls, failureRate } = this.#options;
    const failed = outcome !== 'success';
    const now = this.#time.now();
    while (this.#count === window || (this.#count > 0 && this.#at[this.#oldest]! <= now - windowMs)) {
      if (this.#failed[this.#oldest]) this.#failures--;
      this.#oldest = (this.#oldest + 1) % window;
      this.#count--;
    }
    const index = (this.#oldest + this.#count++) % window;
    this.#failed[index] = failed;
    this.#at[index] = now;
    if (!failed) return;
    this.#failures++;
    if (this.#count >= minimumCalls && this.#failures >= failureRate * this.#count) this.#openBreaker();
  }
}
