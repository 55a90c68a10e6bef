import { Hedge, type RetryBudget, systemClock } from '@quantumtrade/dal-runtime';
import type { CompleteSettings } from '../settings.js';

/** The hedges of reads, one for each operation: reads of one operation are expected to take about the same time. */
export class ReadHedges {
  readonly #settings: CompleteSettings['hedge'];
  readonly #budget: RetryBudget;
  readonly #byOperation = new Map<string, Hedge>();

  /** @param budget pays for second queries */
  constructor(settings: CompleteSettings['hedge'], budget: RetryBudget) {
    this.#settings = settings;
    this.#budget = budget;
  }

  of(operation: string): Hedge {
    let hedge = this.#byOperation.get(operation);
    if (!hedge) {
      const { percentile, afterMs } = this.#settings;
      const when = afterMs > 0 ? { delayMs: afterMs } : { quantile: percentile / 100 };
      hedge = new Hedge(systemClock, { budget: this.#budget, ...when });
      this.#byOperation.set(operation, hedge);
    }
    return hedge;
  }
}
