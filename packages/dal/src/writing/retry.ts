import type { DatabaseError } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';

/** How long to wait before another attempt. */
export interface RetryOptions {
  /** The delay before the second attempt is at most this. Default is 100. */
  readonly initialDelayMs?: number;
  /** No delay is longer. Default is 10,000. */
  readonly maxDelayMs?: number;
  /** At least 0, less than 1. Default is `Math.random`. */
  readonly random?: () => number;
}

/** Delays with full jitter: each is drawn from 0 up to a limit that doubles. */
export class Backoff {
  readonly #options: Required<RetryOptions>;
  #failures = 0;

  constructor({ initialDelayMs = 100, maxDelayMs = 10_000, random = Math.random }: RetryOptions = {}) {
    this.#options = { initialDelayMs, maxDelayMs, random };
  }

  next(): number {
    const { initialDelayMs, maxDelayMs, random } = this.#options;
    return random() * Math.min(maxDelayMs, initialDelayMs * 2 ** this.#failures++);
  }

  reset(): void {
    this.#failures = 0;
  }
}

export const isRetryable = (error: unknown): boolean => isDatabaseError(error) && error.retryable;

/** Whether it is the block that the store will never take; a refused login or a closed store says nothing of the block. */
export const isRefusal = (error: unknown): boolean =>
  !isDatabaseError(error) || !(error.retryable || error.code === 'CONNECTION');

/** The code of an error of the data layer; of any other, its name. */
export const codeOf = (error: unknown): string =>
  isDatabaseError(error) ? (error as DatabaseError).code : ((error as Error | undefined)?.name ?? 'UNKNOWN');

export const messageOf = (error: unknown): string => (error as Error | undefined)?.message ?? String(error);
