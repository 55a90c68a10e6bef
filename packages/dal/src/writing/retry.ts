import type { DatabaseError } from '@quantumtrade/dal-domain';
import {
  isDatabaseError,
  keysOf,
  requireKnownKeys,
  requireObject,
  requireType,
  requireWholeNumber,
} from '@quantumtrade/dal-domain';

/** How long to wait before another attempt. */
export interface RetryOptions {
  /** The delay before the second attempt is at most this. Default is 100. */
  readonly initialDelayMs?: number;
  /** No delay is longer. Default is 10,000. */
  readonly maxDelayMs?: number;
  /** At least 0, less than 1. Default is `Math.random`. */
  readonly random?: () => number;
}

const RETRY_OPTIONS = keysOf<RetryOptions>({ initialDelayMs: true, maxDelayMs: true, random: true });

/** Throws `ValidationError` naming an option that is unknown or wrong. */
export function requireRetryOptions(options: RetryOptions | undefined, operation: string): void {
  if (options === undefined) return;
  requireKnownKeys(requireObject('retry', options, operation), RETRY_OPTIONS, operation, 'retry');
  requireWholeNumber('retry.initialDelayMs', options.initialDelayMs, operation);
  requireWholeNumber('retry.maxDelayMs', options.maxDelayMs, operation);
  requireType('retry.random', options.random, 'function', operation);
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
