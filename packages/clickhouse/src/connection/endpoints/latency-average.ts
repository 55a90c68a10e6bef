import type { TimeSource } from '@quantumtrade/dal-runtime';

/** Weight of the latest latency. */
const WEIGHT = 1 / 8;
/** Time in which an average without new latencies falls to 37 % (milliseconds). */
const DECAY_MS = 10_000;

/**
 * Exponentially weighted average of latencies. It falls while no latency is recorded, so that an endpoint that was slow once is
 * tried again.
 */
export class LatencyAverage {
  readonly #time: TimeSource;
  #mean: number | undefined;
  #recordedAt = 0;

  constructor(time: TimeSource) {
    this.#time = time;
  }

  /** The average in milliseconds; undefined before the first latency. */
  get current(): number | undefined {
    if (this.#mean === undefined) return undefined;
    const ageMs = Math.max(0, this.#time.now() - this.#recordedAt);
    return this.#mean * Math.exp(-ageMs / DECAY_MS);
  }

  record(latencyMs: number): void {
    const current = this.current ?? latencyMs;
    this.restart(current + (latencyMs - current) * WEIGHT);
  }

  /** Begins again with an average in milliseconds. */
  restart(meanMs: number): void {
    this.#mean = meanMs;
    this.#recordedAt = this.#time.now();
  }
}
