import { keyspaces } from '../keyspaces/keyspaces.js';
import type { CallOptions } from './call.js';

/** One request of a user to an endpoint. */
export interface RateLimitRequest {
  /** 1 to 256 characters, none of them control or invisible. */
  readonly userId: string;
  /** 1 to 1,024 characters, likewise. */
  readonly endpoint: string;
  /** How much is allowed within the window, a whole number above 0. */
  readonly limit: number;
  /**
   * How much of the limit the request takes, a whole number up to the limit and to 1,000,000,000.
   * @default 1
   */
  readonly cost?: number;
  /**
   * The window in milliseconds, a whole number up to a day. Each window of a user and endpoint is counted by itself.
   * @default 60_000
   */
  readonly windowMs?: number;
  /**
   * The decision when the store cannot be asked: it is away, does not answer in time, or refuses.
   * @default none: the call rejects with the store's error, and the caller decides
   */
  readonly onUnavailable?: 'allow' | 'deny';
}

export interface RateLimitDecision {
  allowed: boolean;
  /** The cost of all requests counted in the window, this one included when allowed. */
  count: number;
  remaining: number;
  /** Milliseconds until a refused caller may try again; 0 when allowed. */
  retryAfterMs: number;
  /** True when the store could not be asked and `onUnavailable` decided; then nothing was counted. */
  isUnavailable?: true;
}

/** Sliding-window limits per user and endpoint. */
export interface RateLimiter {
  /**
   * Counts one request if it fits into the limit together with those that were allowed within the window, exactly, also under
   * concurrent calls. A refused request does not count. A call whose answer did not come may have been counted.
   *
   * Throws `ValidationError`, naming the member, for a request that is not as {@link RateLimitRequest} says.
   */
  consume(request: RateLimitRequest, options?: CallOptions): Promise<RateLimitDecision>;
}

/** The window of requests that have none. */
export const RATE_LIMIT_WINDOW_MS = keyspaces.rateLimit.ttlSeconds * 1_000;
