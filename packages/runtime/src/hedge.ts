import type { Cancel, Clock } from './clock.js';
import { onAbort, type AbortSource } from './deadline.js';
import { LightAbortSignal } from './light-abort-signal.js';
import { promiseTry } from './promise-try.js';
import { RecentDurations } from './recent-durations.js';
import type { RetryBudget } from './retry-budget.js';

export interface HedgeOptions {
  /** Budget that pays for second attempts. */
  readonly budget: RetryBudget;
  /** Time after which the second attempt begins. @default the quantile of recent durations (milliseconds) */
  readonly delayMs?: number;
  /** The share of attempts that end before the second begins. @default 0.95 */
  readonly quantile?: number;
}

/** One attempt of a hedged request. It ends its work when the signal aborts. */
export type HedgedAttempt<T> = (signal: LightAbortSignal) => Promise<T>;

/**
 * Hedges reads: when an attempt takes longer than nearly all do, a second one begins on another server, the first answer wins, and the other
 * attempt is aborted. With the quantile of 0.95, one of 20 requests is sent twice, and the slowest twentieth take little more than the
 * 95th percentile (Dean and Barroso, "The Tail at Scale", 2013). The budget keeps a backend that is slow as a whole from twice its load.
 */
export class Hedge {
  readonly #clock: Clock;
  readonly #budget: RetryBudget;
  readonly #delayMs: number | undefined;
  readonly #durations: RecentDurations;

  constructor(clock: Clock, { budget, delayMs, quantile = 0.95 }: HedgeOptions) {
    this.#clock = clock;
    this.#budget = budget;
    this.#delayMs = delayMs;
    this.#durations = new RecentDurations(quantile);
  }

  /** When a second attempt begins, in milliseconds; undefined while too few durations are known. */
  get delayMs(): number | undefined {
    return this.#delayMs ?? this.#durations.quantileMs;
  }

  /**
   * Resolves with the first answer. Rejects with the last error when no attempt is left, and with the signal's reason when it aborts.
   * A first attempt that fails early begins no second: that is a retry.
   *
   * @param second returns the attempt on another server when it is time for it; undefined when no other server can be used
   */
  run<T>(
    first: HedgedAttempt<T>,
    second: () => HedgedAttempt<T> | undefined,
    signal?: AbortSource,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const running = new Map<LightAbortSignal, number>();
      let cancelSecond: Cancel | undefined;
      let ignoreSignal: Cancel | undefined;
      const end = (reason: unknown) => {
        cancelSecond?.();
        ignoreSignal?.();
        for (const [attempt, startedAt] of running) {
          // It would have taken at least as long.
          this.#durations.record(this.#clock.now() - startedAt);
          attempt.abort(reason);
        }
        running.clear();
      };
      const begin = (read: HedgedAttempt<T>) => {
        const attempt = new LightAbortSignal();
        const startedAt = this.#clock.now();
        running.set(attempt, startedAt);
        promiseTry(() => read(attempt)).then(
          (value) => {
            if (!running.delete(attempt)) return;
            this.#durations.record(this.#clock.now() - startedAt);
            end(new DOMException('another attempt answered first', 'AbortError'));
            resolve(value);
          },
          (error: unknown) => {
            if (!running.delete(attempt) || running.size > 0) return;
            end(error);
            reject(error as Error);
          },
        );
      };
      if (signal?.aborted) return reject(signal.reason as Error);
      begin(first);
      const { delayMs } = this;
      if (delayMs !== undefined) {
        cancelSecond = this.#clock.after(delayMs, () => {
          const attempt = second();
          if (attempt && this.#budget.tryRetry()) begin(attempt);
        });
      }
      if (signal) {
        ignoreSignal = onAbort(signal, () => {
          end(signal.reason);
          reject(signal.reason as Error);
        });
      }
    });
  }
}
