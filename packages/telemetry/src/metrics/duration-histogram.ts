import type { TraceIds } from '../operation-channel.js';
import type { Exemplar, HistogramValue } from './measurements.js';

/** Upper bounds of the buckets of durations: those of the OpenTelemetry conventions and finer ones, for answers from the cache (seconds). */
const BOUNDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;
const BOUNDS_MS = BOUNDS.map((bound) => bound * 1_000);

/** Distribution of durations over fixed buckets, as exporters send it. */
export class DurationHistogram {
  readonly #counts = new Array<number>(BOUNDS.length + 1).fill(0);
  readonly #exemplars = new Array<Exemplar | undefined>(BOUNDS.length + 1).fill(undefined);
  #sumMs = 0;

  /** Counts a duration in milliseconds. With the ids of its trace it becomes the exemplar of its bucket. */
  record(durationMs: number, trace: TraceIds | undefined): void {
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && durationMs > BOUNDS_MS[bucket]!) bucket++;
    this.#counts[bucket]!++;
    this.#sumMs += durationMs;
    if (trace) {
      const { traceId, spanId } = trace;
      this.#exemplars[bucket] = { traceId, spanId, value: durationMs / 1_000, at: Date.now() };
    }
  }

  /** Returns the distribution in seconds. */
  value(): HistogramValue {
    return {
      bounds: BOUNDS,
      counts: [...this.#counts],
      sum: this.#sumMs / 1_000,
      exemplars: [...this.#exemplars],
    };
  }
}
