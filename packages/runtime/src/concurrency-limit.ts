import { BaseDurations } from './base-durations.js';
import type { CallOutcome } from './call-outcome.js';
import type { TimeSource } from './clock.js';

export interface ConcurrencyLimitOptions {
  /** @default 1 (calls) */
  readonly min?: number;
  /** @default 200 (calls) */
  readonly max?: number;
  /** Limit before the first calls have ended. @default 20 (calls) */
  readonly initial?: number;
  /** The limit falls when calls take longer than this many times their base duration. @default 1.5 */
  readonly tolerance?: number;
  /** Usual time between two measurements of the base durations. @default 10,000 (milliseconds) */
  readonly measureEveryMs?: number;
}

/** A limit is judged by at least this many calls, and at least as many as it admits at once. */
const MIN_CALLS = 32;
/** It is judged after this many times the typical duration; earlier, the quick calls outweigh the slow ones. */
const MIN_DURATIONS = 3;
/** Number of calls that a measurement admits. */
const MEASURED_CALLS = 32;
/** Longest measurement, and shortest time between two, as multiples of the typical duration. */
const MEASURING_DURATIONS = 8;
const MEASURE_EVERY_DURATIONS = 50;
/** A limit that has to fall more often in a row does not cause the long durations: they are measured. */
const FALLS_IN_A_ROW = 3;
/** Shorter base durations are not distinguished by clocks. */
const SHORTEST_BASE_MS = 1;
/** Durations that are longer by no more standard errors than this may be so by chance. */
const STANDARD_ERRORS = 2;
const GROWTH = 0.1;
const OVERLOAD_FACTOR = 0.9;

/** A time in which the limit is halved, so that calls find no queue on the server. */
interface Measurement {
  /** When few enough calls ran; `Infinity` before. */
  from: number;
  /** `Infinity` while it lasts. */
  until: number;
  /** When it ends at the latest. */
  readonly endsBy: number;
  /** Number of calls that it may still admit. */
  callsLeft: number;
}

/**
 * Adaptive limit on the concurrent calls to one server: as many as it can run, and few that wait there. Above the limit callers wait in a
 * queue of their own or are refused, which costs the server nothing.
 *
 * Durations of calls are compared with base durations, which each operation has on a server without a queue. While calls take longer than
 * `tolerance` times their base, the limit falls in proportion, by half at most; otherwise it grows by a tenth, if it was reached. Durations
 * are summed up before they are compared, so any mix of quick and slow operations counts by the time it takes. Only calls that began since the
 * last change count. A limit that is less than half used is not judged, so idle periods change nothing. An `overloaded` outcome lowers
 * the limit by a tenth, once for all calls that ran at that time.
 *
 * Base durations are measured from time to time, while the limit is halved; also when the limit has fallen several times without effect: then
 * the server has become slower, and has no queue. Measuring costs one or two percent of the throughput.
 *
 * The comparison is that of the gradient algorithms (Netflix concurrency-limits), the measurement that of Envoy's adaptive
 * concurrency filter and of TCP BBR. Gradient2 compares with a slow average, which rises with the queue: under steady overload its limit grows without
 * bound (Netflix/concurrency-limits#134, #137). Vegas compares with the shortest duration ever seen, and stays at a limit of 1 where
 * durations are mixed (platinummonkey/go-concurrency-limits#117). AIMD without durations notices a queue only by its timeouts.
 */
export class ConcurrencyLimit {
  readonly #time: TimeSource;
  readonly #options: Required<ConcurrencyLimitOptions>;
  readonly #bases = new BaseDurations();
  #limit: number;
  #inFlight = 0;
  /** Most calls in flight since the last change. */
  #peak = 0;
  /** When the limit last changed. */
  #changedAt: number;
  /** Calls that began since the last change and have ended: number, and sums in milliseconds. */
  #calls = 0;
  #durationMs = 0;
  #baseMs = 0;
  /** Sum of the squared differences of durations and base durations. */
  #squares = 0;
  #fallsInARow = 0;
  #measurement: Measurement = { from: Infinity, until: 0, endsBy: 0, callsLeft: 0 };
  #measureAt = 0;

  constructor(time: TimeSource, options: ConcurrencyLimitOptions = {}) {
    this.#time = time;
    this.#options = { min: 1, max: 200, initial: 20, tolerance: 1.5, measureEveryMs: 10_000, ...options };
    this.#limit = this.#clamp(this.#options.initial);
    this.#changedAt = time.now();
  }

  /** Most calls at the same time now, a whole number. */
  get limit(): number {
    return Math.floor(this.#isMeasuring ? this.#clamp(this.#limit / 2) : this.#limit);
  }

  /** Number of calls that have acquired and not yet released. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Admits a call, which then has to {@link record} its outcome and {@link release}, or returns false. */
  tryAcquire(): boolean {
    if (this.#inFlight >= this.limit) return false;
    this.#inFlight++;
    this.#peak = Math.max(this.#peak, this.#inFlight);
    const measurement = this.#measurement;
    if (this.#isMeasuring && measurement.from < Infinity && --measurement.callsLeft <= 0)
      this.#endMeasuring();
    return true;
  }

  /** Gives the place of a call back. */
  release(): void {
    this.#inFlight--;
    const measurement = this.#measurement;
    if (this.#isMeasuring && measurement.from === Infinity && this.#inFlight < this.limit) {
      measurement.from = this.#time.now();
    }
  }

  /**
   * Takes the outcome of a call that ends now, before it is released.
   *
   * @param durationMs time since it was acquired, in milliseconds
   * @param operation calls of one operation are expected to take about the same time @default ''
   */
  record(durationMs: number, outcome: CallOutcome, operation = ''): void {
    const now = this.#time.now();
    const startedAt = now - durationMs;
    if (outcome === 'success') this.#add(operation, durationMs, startedAt);
    else if (outcome === 'overloaded' && startedAt >= this.#changedAt) this.#fall(OVERLOAD_FACTOR);
    if (this.#isMeasuring) {
      if (now > this.#measurement.endsBy) this.#endMeasuring();
    } else if (this.#isJudged(now)) this.#adjust(now);
  }

  get #isMeasuring(): boolean {
    return this.#measurement.until === Infinity;
  }

  #add(operation: string, durationMs: number, startedAt: number): void {
    const { from, until } = this.#measurement;
    const isMeasured = startedAt >= from && startedAt <= until;
    const baseMs = this.#bases.record(operation, durationMs, isMeasured);
    if (baseMs === undefined || startedAt < this.#changedAt) return;
    this.#calls++;
    this.#durationMs += durationMs;
    this.#baseMs += baseMs;
    this.#squares += (durationMs - baseMs) ** 2;
  }

  #isJudged(now: number): boolean {
    return (
      this.#calls >= Math.max(MIN_CALLS, this.#limit) &&
      now - this.#changedAt >= MIN_DURATIONS * this.#bases.typicalMs
    );
  }

  #adjust(now: number): void {
    const excess = this.#excess();
    const isUsed = this.#peak >= this.#limit / 2;
    if (isUsed && excess > 1 && this.#fallsInARow < FALLS_IN_A_ROW)
      return this.#fall(Math.max(0.5, 1 / excess));
    const isDue = excess > 1 || now >= this.#measureAt;
    if (isUsed && isDue && this.#limit >= 2) return this.#beginMeasuring(now);
    this.#fallsInARow = 0;
    const isReached = this.#peak >= Math.floor(this.#limit);
    this.#change(isReached ? this.#limit + Math.max(1, this.#limit * GROWTH) : this.#limit);
  }

  /** Returns how many times as long as tolerated the calls took, at the least. */
  #excess(): number {
    const differenceMs = this.#durationMs - this.#baseMs;
    const variance = Math.max(0, this.#squares - differenceMs ** 2 / this.#calls);
    const leastMs = this.#durationMs - STANDARD_ERRORS * Math.sqrt(variance);
    const baseMs = Math.max(this.#baseMs, this.#calls * SHORTEST_BASE_MS);
    return leastMs / (baseMs * this.#options.tolerance);
  }

  #fall(factor: number): void {
    this.#fallsInARow++;
    this.#change(this.#limit * factor);
  }

  #change(limit: number): void {
    this.#limit = this.#clamp(limit);
    this.#changedAt = this.#time.now();
    this.#peak = this.#inFlight;
    this.#calls = this.#durationMs = this.#baseMs = this.#squares = 0;
  }

  #beginMeasuring(now: number): void {
    const { typicalMs } = this.#bases;
    const endsBy = now + MEASURING_DURATIONS * typicalMs;
    this.#measurement = { from: Infinity, until: Infinity, endsBy, callsLeft: MEASURED_CALLS };
    this.#measureAt = now + Math.max(this.#options.measureEveryMs, MEASURE_EVERY_DURATIONS * typicalMs);
  }

  #endMeasuring(): void {
    this.#measurement.until = this.#time.now();
    this.#fallsInARow = 0;
    this.#change(this.#limit);
  }

  #clamp(limit: number): number {
    return Math.min(this.#options.max, Math.max(this.#options.min, limit));
  }
}
