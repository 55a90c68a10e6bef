/** Weight of the latest call in the averages. */
const WEIGHT = 1 / 16;
/** Mean absolute deviations above the mean that few calls exceed. */
const DEVIATIONS = 2;
/** Kinds of calls are few; this bounds what an unforeseen use may cost. */
const MAX_KINDS = 256;

interface Average {
  mean: number;
  /** Mean absolute deviation. */
  deviation: number;
}

/** How long calls of each kind took lately: exponentially weighted averages. */
export class ServiceTimes {
  readonly #averages = new Map<string, Average>();

  /** A call that failed early says nothing; one that failed late would have taken at least as long. */
  record(kind: string, ms: number, served: boolean): void {
    const average = this.#averages.get(kind);
    if (!average) {
      if (served && this.#averages.size < MAX_KINDS)
        this.#averages.set(kind, { mean: ms, deviation: ms / 2 });
      return;
    }
    if (!served && ms < average.mean) return;
    average.deviation += (Math.abs(ms - average.mean) - average.deviation) * WEIGHT;
    average.mean += (ms - average.mean) * WEIGHT;
  }

  /** 0 before the first call. */
  expected(kind: string): number {
    return this.#averages.get(kind)?.mean ?? 0;
  }

  /** What few calls exceed; 0 before the first call. */
  likelyAtMost(kind: string): number {
    const average = this.#averages.get(kind);
    return average ? average.mean + DEVIATIONS * average.deviation : 0;
  }
}
