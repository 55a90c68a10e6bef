/** Number of latest durations kept. */
const KEPT = 128;
/** A quantile of fewer durations says little. */
const LEAST = 20;
/** A quantile is computed again after this many further durations. */
const RENEW_EVERY = 16;

/** Latest durations and one of their quantiles. */
export class RecentDurations {
  readonly #quantile: number;
  readonly #durations: number[] = [];
  #recorded = 0;
  #computed: number | undefined;

  /** @param quantile from 0 to 1, e.g. 0.95 for the duration that 5 % exceed */
  constructor(quantile: number) {
    this.#quantile = quantile;
  }

  /** The quantile in milliseconds; undefined before 20 durations are known. */
  get quantileMs(): number | undefined {
    return this.#computed;
  }

  record(durationMs: number): void {
    this.#durations[this.#recorded++ % KEPT] = durationMs;
    if (this.#recorded < LEAST || (this.#computed !== undefined && this.#recorded % RENEW_EVERY > 0)) return;
    const sorted = this.#durations.toSorted((a, b) => a - b);
    this.#computed = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * this.#quantile))]!;
  }
}
