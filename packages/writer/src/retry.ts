import {
  isDatabaseError,
  keysOf,
  requireKnownKeys,
  requireObject,
  requireType,
  requireWholeNumber,
  ValidationError,
} from '@quantumtrade/dal-domain';
import type { Backoff, BackoffOptions } from '@quantumtrade/dal-runtime';

/** Limits and delays of the attempts to store a block, which is sent again while its error is retryable. */
export interface RetryOptions extends BackoffOptions {
  /**
   * Attempts in total, after which the caller gets the last error. Blocks that are journaled or committed have no caller
   * any more: they are sent until they are stored. @default Infinity (attempts)
   */
  readonly maxAttempts?: number;
}

const RETRY_OPTIONS = keysOf<RetryOptions>({
  maxAttempts: true,
  initialDelayMs: true,
  maxDelayMs: true,
  backoffMultiplier: true,
  random: true,
});

/** Throws `ValidationError` naming an option that is unknown or wrong. */
export function requireRetryOptions(options: RetryOptions | undefined, operation: string): void {
  if (options === undefined) return;
  requireKnownKeys(requireObject('retry', options, operation), RETRY_OPTIONS, operation, 'retry');
  const { maxAttempts, initialDelayMs, maxDelayMs, backoffMultiplier = 1, random } = options;
  if (maxAttempts !== Infinity) requireWholeNumber('retry.maxAttempts', maxAttempts, operation, { min: 1 });
  requireWholeNumber('retry.initialDelayMs', initialDelayMs, operation);
  requireWholeNumber('retry.maxDelayMs', maxDelayMs, operation);
  if (!(Number.isFinite(backoffMultiplier) && backoffMultiplier >= 1)) {
    throw new ValidationError('retry.backoffMultiplier', 'must be a number of at least 1', { operation });
  }
  requireType('retry.random', random, 'function', operation);
}

/** Returns whether another attempt may store the same block soon. */
export const isRetryable = (error: unknown): boolean => isDatabaseError(error) && error.retryable;

/** Returns whether another attempt may help and the options allow it, given the number of attempts made. */
export const mayRetry =
  ({ maxAttempts = Infinity }: RetryOptions = {}) =>
  (error: unknown, attempts: number): boolean =>
    isRetryable(error) && attempts < maxAttempts;

/** Returns whether the store will never accept this block. */
export const isPermanent = (error: unknown): boolean => !isRetryable(error) && !isAccessFailure(error);

/**
 * Returns whether the store accepts no block until its login, certificate or address or the guarantees of its tables are
 * repaired. Such an error is not about the block.
 */
export const isAccessFailure = (error: unknown): boolean =>
  isDatabaseError(error) && !error.retryable && error.code === 'CONNECTION';

/** Returns the delay before the next attempt in milliseconds; the longest one after an access failure. */
export const delayAfter = (error: unknown, backoff: Backoff): number =>
  isAccessFailure(error) ? backoff.maxDelayMs : backoff.next();

export const messageOf = (error: unknown): string => (error as Error | undefined)?.message ?? String(error);
