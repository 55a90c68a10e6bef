import type { Cancel, Clock } from '@quantumtrade/dal-runtime';
import type { ExporterCounts } from './exporter.js';

/** Runs exports at intervals, one at a time. A failure is counted, and the next export follows all the same. */
export class PeriodicExport {
  readonly #export: () => Promise<void>;
  readonly #intervalMs: number;
  readonly #counts: ExporterCounts;
  readonly #clock: Clock;
  #cancel: Cancel | undefined;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(runExport: () => Promise<void>, intervalMs: number, counts: ExporterCounts, clock: Clock) {
    this.#export = runExport;
    this.#intervalMs = intervalMs;
    this.#counts = counts;
    this.#clock = clock;
    this.#schedule();
  }

  /** Exports once more, after an export under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    await this.#running;
    await this.#run();
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(this.#intervalMs, () => {
      this.#running = this.#run().then(() => {
        if (!this.#isClosed) this.#schedule();
      });
    });
  }

  async #run(): Promise<void> {
    try {
      await this.#export();
    } catch {
      this.#counts.failures++;
    }
  }
}
