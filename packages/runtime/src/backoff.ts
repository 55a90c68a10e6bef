/** How long to wait between attempts. */
export interface BackoffOptions {
  /** Bound of the first delay. @default 100 (milliseconds) */
  readonly initialDelayMs?: number;
  /** Bound of every delay. @default 10,000 (milliseconds) */
  readonly maxDelayMs?: number;
  /** Factor by which the bound grows with each delay; 1 keeps it constant. @default 2 */
  readonly backoffMultiplier?: number;
  /** Returns numbers from 0 to less than 1. @default Math.random */
  readonly random?: () => number;
}

/** Draws delays with full jitter: each from 0 up to a bound that grows exponentially. */
export class Backoff {
  /** Bound of every delay, in milliseconds. */
  readonly maxDelayMs: number;
  readonly #initialDelayMs: number;
  readonly #multiplier: number;
  readonly #random: () => number;
  #bound: number;

  constructor(options: BackoffOptions = {}) {
    const { initialDelayMs = 100, maxDelayMs = 10_000, backoffMultiplier = 2 } = options;
    this.maxDelayMs = maxDelayMs;
    this.#initialDelayMs = Math.min(initialDelayMs, maxDelayMs);
    this.#multiplier = backoffMultiplier;
    this.#random = options.random ?? Math.random;
    this.#bound = this.#initialDelayMs;
  }

  /** Returns the delay before the next attempt, in milliseconds. */
  next(): number {
    const delay = this.#random() * this.#bound;
    this.#bound = Math.min(this.maxDelayMs, this.#bound * this.#multiplier);
    return delay;
  }

  /** Begins again with the initial delay, after a success. */
  reset(): void {
    this.#bound = this.#initialDelayMs;
  }
}
