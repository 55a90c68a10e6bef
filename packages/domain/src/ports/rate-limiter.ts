import { keyspaces } from '../keyspaces/keyspaces.js';
import type { CallOptions } from './call.js';

/** One request of a user to an endpoint. */
export interface RateLimitRequest {
  /** 1 to 256 characters, none of them control or invisible. */
  readonly userId: string;
  /** 1 to 1,024 characters, none of them control or invisible. */
  readonly endpoint: string;
  /** Maximum total cost within the window, a whole number above 0. */
  readonly limit: number;
  /**
   * Cost of the request, a whole number up to the limit and up to 1,000,000,000.
   * @default 1
   */
  readonly cost?: number;
  /**
   * Window in milliseconds, a whole number up to a day. Each window length of a user and endpoint is counted separately.
   * @default 60_000 (milliseconds)
   */
  readonly windowMs?: number;
  /**
   * Decision when the store is unreachable, does not answer in time or refuses.
   * @default that of the adapter, which is 'reject' unless it is configured
   */
  readonly onUnavailable?: RateLimitFallback;
}

/** Decision without an answer of the store: `reject` is its error, the others are decisions with `isUnavailable`. */
export type RateLimitFallback = 'reject' | 'allow' | 'deny';

export interface RateLimitDecision {
  allowed: boolean;
  /** Total cost of the requests in the window, an allowed one included. */
  count: number;
  remaining: number;
  /** Milliseconds until a refused caller may try again; 0 when allowed. */
  retryAfterMs: number;
  /** True when the store was unavailable and `onUnavailable`, or the adapter's setting, decided. Then nothing was counted. */
  isUnavailable?: true;
}

/** Sliding-window limits per user and endpoint. */
export interface RateLimiter {
  /**
   * Counts one request if it fits into the limit together with the allowed ones of the window. The count is exact, also under
   * concurrent calls. A refused request does not count. A call that fails without an answer may have been counted.
   *
   * @throws ValidationError naming the invalid member of a {@link RateLimitRequest}
   */
  consume(request: RateLimitRequest, options?: CallOptions): Promise<RateLimitDecision>;
}

/** Default window, in milliseconds. */
export const RATE_LIMIT_WINDOW_MS = keyspaces.rateLimit.ttlSeconds * 1_000;
