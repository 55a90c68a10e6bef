import { keyspaces } from '../keyspaces/keyspaces.js';
import type { CallOptions } from './call.js';

export interface RateLimitDecision {
  allowed: boolean;
  /** Requests counted in the window, this one included when allowed. */
  count: number;
  remaining: number;
  /** Milliseconds until a refused caller may try again; 0 when allowed. */
  retryAfterMs: number;
}

/** Sliding-window limits per user and endpoint. */
export interface RateLimiter {
  /**
   * Counts one request if fewer than `limit` were allowed in the last minute, exactly, also under concurrent calls.
   * A refused request does not count. Throws `ValidationError` unless `limit` is a whole number above 0.
   */
  consume(
    request: { userId: string; endpoint: string; limit: number },
    options?: CallOptions,
  ): Promise<RateLimitDecision>;
}

export const RATE_LIMIT_WINDOW_MS = keyspaces.rateLimit.ttlSeconds * 1_000;
