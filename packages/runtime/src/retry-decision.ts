import type { Backoff } from './backoff.js';
import type { RetryBudget } from './retry-budget.js';

/**
 * How a request behaves when it is sent twice.
 *
 * - `read`: changes nothing. It may be sent again, also to another server.
 * - `tokened-insert`: the server stores one block per deduplication token. It may be sent again with the same bytes.
 * - `other`: a second run may have a second effect.
 */
export type IdempotencyClass = 'read' | 'tokened-insert' | 'other';

/** An attempt that failed. */
export interface FailedAttempt {
  readonly class: IdempotencyClass;
  /** Whether the error may pass. */
  readonly retryable: boolean;
  /**
   * `no`: the server has begun nothing: the connection was refused, the call was not admitted, or the server answered that it did not
   * begin. `maybe`: the connection broke, or time was over, before an answer. `answered`: the server answered with an error.
   */
  readonly sent: 'no' | 'maybe' | 'answered';
  /** Time that the server asks to wait. @default 0 (milliseconds) */
  readonly retryAfterMs?: number;
}

/** State of the call that the attempt belongs to. */
export interface RetryContext {
  /** Number of attempts made, the failed one included. */
  readonly attempts: number;
  /** Most attempts of a call. @default Infinity */
  readonly maxAttempts?: number;
  /** Time left until the deadline of the call. @default Infinity (milliseconds) */
  readonly remainingMs?: number;
  /** Time that an attempt usually takes. @default 0 (milliseconds) */
  readonly attemptMs?: number;
  /** Backoff of this call. */
  readonly backoff: Backoff;
  /** Budget of the backend, shared by all of its calls. */
  readonly budget: RetryBudget;
}

/** Delay before the next attempt, or `no` when the call makes no further attempt. */
export type RetryDecision = 'no' | { readonly delayMs: number };

/**
 * Decides whether a call makes another attempt, and takes that attempt from the budget.
 *
 * Reads and tokened inserts are retried while their errors may pass, any other request only when the server has begun nothing. A caller that
 * has received rows must not ask. The delay has full jitter; it begins with the time that the server asks for, and is shortened where the rest of the
 * time requires it. There is no attempt where the rest does not suffice for its usual duration: its answer would be of no use, and it
 * would add load when the server is slowest.
 */
export function decideRetry(failure: FailedAttempt, context: RetryContext): RetryDecision {
  const { attempts, maxAttempts = Infinity, remainingMs = Infinity, attemptMs = 0 } = context;
  const { retryAfterMs = 0 } = failure;
  if (!mayRepeat(failure) || attempts >= maxAttempts) return 'no';
  const longestDelayMs = remainingMs - attemptMs;
  if (longestDelayMs <= retryAfterMs) return 'no';
  // The budget is last: an attempt that is not made costs nothing.
  if (!context.budget.tryRetry()) return 'no';
  return { delayMs: Math.min(retryAfterMs + context.backoff.next(), longestDelayMs) };
}

const mayRepeat = ({ class: idempotency, retryable, sent }: FailedAttempt): boolean =>
  retryable && (sent === 'no' || idempotency !== 'other');
