import type { CallOutcome } from './call-outcome.js';

/** Limit on concurrent calls: constant, or a `ConcurrencyLimit` that adapts. */
export interface CallLimit {
  /** Most calls at the same time now. */
  readonly limit: number;
  /** Number of calls that have acquired and not yet released. */
  readonly inFlight: number;
  /** Admits a call, which then has to release, or returns false. */
  tryAcquire(): boolean;
  /** Takes the outcome of a call that ends now, with its duration in milliseconds. */
  record(durationMs: number, outcome: CallOutcome, operation?: string): void;
  /** Gives the place of a call back. */
  release(): void;
}

/** Constant limit on concurrent calls. */
export class FixedLimit implements CallLimit {
  readonly limit: number;
  inFlight = 0;

  /** @param limit most calls at the same time */
  constructor(limit: number) {
    this.limit = limit;
  }

  tryAcquire(): boolean {
    if (this.inFlight >= this.limit) return false;
    this.inFlight++;
    return true;
  }

  record(): void {
    // A constant limit does not depend on durations.
  }

  release(): void {
    this.inFlight--;
  }
}
