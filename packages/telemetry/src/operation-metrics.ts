import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks';
import { DurationHistogram } from './metrics/duration-histogram.js';
import type { HistogramValue } from './metrics/measurements.js';
import { currentOperation, operationChannel, type TraceIds } from './operation-channel.js';

/** Latencies and failures of one kind of operation, or of all. Times are in milliseconds. */
export interface OperationStatistics {
  /** Operations that have ended, failed ones included. */
  readonly count: number;
  readonly errors: number;
  /** Share of operations that failed, 0 to 1. */
  readonly errorRate: number;
  /** Half of the operations took no longer than this; accurate to a thousandth. 0 when there were none. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface MetricsSnapshot extends OperationStatistics {
  /** Statistics of each operation that has run, by its name. */
  readonly operations: Readonly<Record<string, OperationStatistics>>;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  /** Share of lookups that found a value, 0 to 1; 0 when there were none. */
  readonly cacheHitRate: number;
  /** When an operation last succeeded. */
  readonly lastSuccessAt: Date | undefined;
}

/** Durations of the calls of one operation with one outcome. */
export interface OperationDurations {
  readonly operation: string;
  /** Code of the error that the calls failed with; undefined for those that succeeded. */
  readonly errorType: string | undefined;
  /** In seconds. */
  readonly durations: HistogramValue;
}

/** The two clocks of {@link OperationMetrics}, both in milliseconds. */
export interface MetricsClock {
  /** Returns the time since 1970. */
  now(): number;
  /** Returns the time since any fixed instant; it never goes back. */
  elapsed(): number;
}

const systemMetricsClock: MetricsClock = { now: Date.now, elapsed: () => performance.now() };
const NANOSECONDS_PER_MS = 1e6;
const ONE_HOUR_NS = 3600 * 1000 * NANOSECONDS_PER_MS;

/** Counts and times the operations of one owner since it was created. Instances share nothing. */
export class OperationMetrics {
  readonly #clock: MetricsClock;
  readonly #series = new Map<string, OperationSeries>();
  #cacheHits = 0;
  #cacheMisses = 0;

  constructor(clock: MetricsClock = systemMetricsClock) {
    this.#clock = clock;
  }

  /** Returns the series of one operation, to record each of its calls without looking up its name. */
  series(operation: string): OperationSeries {
    let series = this.#series.get(operation);
    if (!series) this.#series.set(operation, (series = new OperationSeries()));
    return series;
  }

  /** Counts one lookup in a cache, and notes it in the event of the running operation. */
  cacheLookup(hit: boolean): void {
    if (hit) this.#cacheHits++;
    else this.#cacheMisses++;
    // Without subscribers no operation has an event.
    const operation = operationChannel.hasSubscribers ? currentOperation() : undefined;
    if (operation) operation.cacheHit = hit;
  }

  /** Returns the durations of each operation that has run, by outcome. */
  durations(): OperationDurations[] {
    return [...this.#series].flatMap(([operation, series]) =>
      series.outcomes().map((outcome) => ({ operation, ...outcome })),
    );
  }

  /** When an operation last succeeded. Costs much less than a snapshot. */
  get lastSuccessAt(): Date | undefined {
    let latest = -Infinity;
    for (const { lastSuccess = -Infinity } of this.#series.values()) latest = Math.max(latest, lastSuccess);
    const { now, elapsed } = this.#clock;
    return latest === -Infinity ? undefined : new Date(now() - (elapsed() - latest));
  }

  snapshot(): MetricsSnapshot {
    const all = new OperationSeries();
    const operations: Record<string, OperationStatistics> = {};
    for (const [operation, series] of this.#series) {
      if (!all.add(series)) continue;
      operations[operation] = series.statistics();
    }
    return {
      ...all.statistics(),
      operations,
      cacheHits: this.#cacheHits,
      cacheMisses: this.#cacheMisses,
      cacheHitRate: share(this.#cacheHits, this.#cacheHits + this.#cacheMisses),
      lastSuccessAt: this.lastSuccessAt,
    };
  }
}

/** Durations and failures of one operation. */
export class OperationSeries {
  readonly #succeeded = new DurationHistogram();
  /** Failed calls by the code of their error. */
  readonly #failed = new Map<string, DurationHistogram>();
  /** Created with the first record: it takes some 270 KB. */
  #durations: RecordableHistogram | undefined;
  #errors = 0;
  #lastSuccess: number | undefined;

  /** When the operation last succeeded, on the clock of {@link record}. */
  get lastSuccess(): number | undefined {
    return this.#lastSuccess;
  }

  /**
   * Counts a call that has ended. Percentiles count durations beyond an hour as an hour. Both instants are of one monotone clock in
   * milliseconds, such as `performance.now()`.
   * @param errorType - code of the error of a call that failed
   * @param trace - span of the call, where one is recorded
   */
  record(startedAt: number, endedAt: number, errorType?: string, trace?: TraceIds): void {
    const durationMs = endedAt - startedAt;
    const nanoseconds = Math.round(durationMs * NANOSECONDS_PER_MS);
    this.#durations ??= emptyHistogram();
    this.#durations.record(Math.min(Math.max(nanoseconds, 1), ONE_HOUR_NS));
    if (errorType === undefined) {
      this.#lastSuccess = endedAt;
      this.#succeeded.record(durationMs, trace);
    } else {
      this.#errors++;
      this.#failedWith(errorType).record(durationMs, trace);
    }
  }

  /** Returns the durations by outcome; empty before the first call. */
  outcomes(): Omit<OperationDurations, 'operation'>[] {
    if (this.#durations === undefined) return [];
    const failed = [...this.#failed].map(([errorType, durations]) => ({
      errorType,
      durations: durations.value(),
    }));
    return [{ errorType: undefined, durations: this.#succeeded.value() }, ...failed];
  }

  /** Adds the durations and errors of another series. Returns whether it has any. */
  add(other: OperationSeries): boolean {
    if (other.#durations === undefined) return false;
    this.#durations ??= emptyHistogram();
    this.#durations.add(other.#durations);
    this.#errors += other.#errors;
    return true;
  }

  #failedWith(errorType: string): DurationHistogram {
    let durations = this.#failed.get(errorType);
    if (!durations) this.#failed.set(errorType, (durations = new DurationHistogram()));
    return durations;
  }

  statistics(): OperationStatistics {
    const durations = this.#durations;
    const { count, max } = durations ?? { count: 0, max: 0 };
    const percentile = (p: number) => (durations?.percentile(p) ?? 0) / NANOSECONDS_PER_MS;
    return {
      count,
      errors: this.#errors,
      errorRate: share(this.#errors, count),
      p50: percentile(50),
      p95: percentile(95),
      p99: percentile(99),
      max: max / NANOSECONDS_PER_MS,
    };
  }
}

const emptyHistogram = () => createHistogram({ lowest: 1, highest: ONE_HOUR_NS, figures: 3 });

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
