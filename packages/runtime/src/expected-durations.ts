/** Weight of the latest call in the averages. */
const WEIGHT = 1 / 16;
/** Operations are few; this bounds the memory of an unforeseen use. */
const MAX_OPERATIONS = 256;

/** Exponentially weighted averages of durations, in milliseconds. */
interface Average {
  mean: number;
  /** Mean absolute deviation from the mean. */
  deviation: number;
}

interface OperationDurations {
  beginning: Average | undefined;
  continuing: Average | undefined;
  /** Recent number of continuing queries for each beginning one. */
  continuingPerCall: number;
}

/** Recent durations of the queries of each operation, those that begin a call and those that continue one apart. */
export class ExpectedDurations {
  readonly #operations = new Map<string, OperationDurations>();

  record(operation: string, continues: boolean, durationMs: number, succeeded: boolean): void {
    let durations = this.#operations.get(operation);
    if (!durations) {
      if (this.#operations.size >= MAX_OPERATIONS) return;
      durations = { beginning: undefined, continuing: undefined, continuingPerCall: 0 };
      this.#operations.set(operation, durations);
    }
    const role = continues ? 'continuing' : 'beginning';
    const average = durations[role];
    // A query that failed late would have taken at least as long.
    if (!average) {
      if (succeeded) durations[role] = { mean: durationMs, deviation: durationMs / 2 };
    } else if (succeeded || durationMs > average.mean) {
      average.deviation += (Math.abs(durationMs - average.mean) - average.deviation) * WEIGHT;
      average.mean += (durationMs - average.mean) * WEIGHT;
    }
    durations.continuingPerCall = continues
      ? durations.continuingPerCall + WEIGHT
      : durations.continuingPerCall * (1 - WEIGHT);
  }

  /**
   * Returns the expected duration of the rest of a call in milliseconds, this query included; 0 before the first call of its
   * operation. With deviations above the mean, few calls take longer.
   */
  expected(operation: string, continues: boolean, deviations = 0): number {
    const durations = this.#operations.get(operation);
    if (!durations) return 0;
    const { beginning, continuing, continuingPerCall } = durations;
    const continuingMs = continuing ? continuing.mean + deviations * continuing.deviation : 0;
    if (continues) return continuingMs;
    const beginningMs = beginning ? beginning.mean + deviations * beginning.deviation : 0;
    return beginningMs + continuingPerCall * continuingMs;
  }
}
