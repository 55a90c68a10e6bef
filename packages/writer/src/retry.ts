import type { DatabaseError } from '@quantumtrade/dal-domain';
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

/** How often and how fast an attempt to store a block is repeated while its error is retryable. */
export interface RetryOptions extends BackoffOptions {
  /**
   * Attempts in all, after which the caller gets the last error. What is journaled or committed has no caller any more: it is
   * tried until it is stored. @default no limit
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

/** Whether the same block may be stored by another attempt soon. */
export const isRetryable = (error: unknown): boolean => isDatabaseError(error) && error.retryable;

/** Whether the store will never take this block. */
export const isRefusal = (error: unknown): boolean => !isRetryable(error) && !isAccessFailure(error);

/**
 * Whether the store takes no block until somebody mends the login, the certificate, the address or the tables' guarantees.
 * Such an error says nothing of the block.
 */
export const isAccessFailure = (error: unknown): boolean =>
  isDatabaseError(error) && !error.retryable && error.code === 'CONNECTION';

/** Returns the delay before the next attempt in milliseconds; the longest after an access failure. */
export const delayAfter = (error: unknown, backoff: Backoff): number =>
  isAccessFailure(error) ? backoff.maxDelayMs : backoff.next();

/** The code of an error of the data layer; of any other, its name. */
export const codeOf = (error: unknown): string =>
  isDatabaseError(error) ? (error as DatabaseError).code : ((error as Error | undefined)?.name ?? 'UNKNOWN');

export const messageOf = (error: unknown): string => (error as Error | undefined)?.message ?? String(error);
