import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Latencies and failures of one kind of operation, or of all. Times are in milliseconds. */
export interface OperationStatistics {
  /** Operations, failed ones included. */
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
  /** The same for each operation, by its name. */
  readonly operations: Readonly<Record<string, OperationStatistics>>;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  /** Share of look-ups that found something, 0 to 1; 0 when there were none. */
  readonly cacheHitRate: number;
  /** When an operation last succeeded. */
  readonly lastSuccessAt: Date | undefined;
}

const nanosecondsPerMillisecond = 1e6;
const oneHour = 3600 * 1000 * nanosecondsPerMillisecond;

/** Counts and times the operations of one owner since it was made. Nothing is shared between instances. */
export class OperationMetrics {
  readonly #now: () => number;
  readonly #overall = new Series();
  readonly #operations = new Map<string, Series>();
  #cacheHits = 0;
  #cacheMisses = 0;
  #lastSuccess: number | undefined;

  /** @param now the time in milliseconds since 1970. Default is `Date.now`. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Counts an operation that has ended. Durations beyond an hour count as an hour. */
  observe(operation: string, durationMs: number, { error = false }: { error?: boolean } = {}): void {
    let series = this.#operations.get(operation);
    if (!series) this.#operations.set(operation, (series = new Series()));
    series.record(durationMs, error);
    this.#overall.record(durationMs, error);
    if (!error) this.#lastSuccess = this.#now();
  }

  /** Counts one look-up in a cache. */
  cacheLookup(hit: boolean): void {
    if (hit) this.#cacheHits++;
    else this.#cacheMisses++;
  }

  snapshot(): MetricsSnapshot {
    return {
      ...this.#overall.statistics(),
      operations: Object.fromEntries(
        [...this.#operations].map(([operation, series]) => [operation, series.statistics()]),
      ),
      cacheHits: this.#cacheHits,
      cacheMisses: this.#cacheMisses,
      cacheHitRate: share(this.#cacheHits, this.#cacheHits + this.#cacheMisses),
      lastSuccessAt: this.#lastSuccess === undefined ? undefined : new Date(this.#lastSuccess),
    };
  }
}

class Series {
  readonly #nanoseconds: RecordableHistogram = createHistogram({ lowest: 1, highest: oneHour, figures: 3 });
  #errors = 0;

  record(durationMs: number, error: boolean): void {
    const nanoseconds = Math.round(durationMs * nanosecondsPerMillisecond);
    this.#nanoseconds.record(Math.min(Math.max(nanoseconds, 1), oneHour));
    if (error) this.#errors++;
  }

  statistics(): OperationStatistics {
    const { count, max } = this.#nanoseconds;
    const percentile = (p: number) => this.#nanoseconds.percentile(p) / nanosecondsPerMillisecond;
    return {
      count,
      errors: this.#errors,
      errorRate: share(this.#errors, count),
      p50: percentile(50),
      p95: percentile(95),
      p99: percentile(99),
      max: max / nanosecondsPerMillisecond,
    };
  }
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
