/** Weight of the latest duration in the averages over all operations. */
const WEIGHT = 1 / 64;
/** The average of a base duration is over about this many measured calls. */
const AVERAGED_CALLS = 16;
/** Operations are few; this bounds the memory of an unforeseen use. */
const MAX_OPERATIONS = 256;

interface BaseDuration {
  /** Mean, in milliseconds. */
  ms: number;
  calls: number;
}

/** Durations of the calls of each operation on a server without a queue. */
export class BaseDurations {
  readonly #operations = new Map<string, BaseDuration>();
  /** Mean duration of all calls, and mean of the squares. */
  #meanMs = 0;
  #meanSquare = 0;

  /** Duration of the call that runs at a random time, in milliseconds: slow calls run longer, so they count for more. 0 before the first call. */
  get typicalMs(): number {
    return this.#meanMs > 0 ? this.#meanSquare / this.#meanMs : 0;
  }

  /**
   * Records the duration of a call in milliseconds. Returns the base duration of its operation; undefined for the operations that are too many.
   *
   * @param isMeasured whether the server had no queue. The first calls of an operation count as measured, for want of better ones.
   */
  record(operation: string, durationMs: number, isMeasured: boolean): number | undefined {
    this.#meanMs += (durationMs - this.#meanMs) * WEIGHT;
    this.#meanSquare += (durationMs ** 2 - this.#meanSquare) * WEIGHT;
    let base = this.#operations.get(operation);
    if (!base) {
      if (this.#operations.size >= MAX_OPERATIONS) return undefined;
      base = { ms: 0, calls: 0 };
      this.#operations.set(operation, base);
    }
    if (isMeasured || base.calls < AVERAGED_CALLS) {
      base.calls++;
      base.ms += (durationMs - base.ms) / Math.min(base.calls, AVERAGED_CALLS);
    }
    return base.ms;
  }
}
