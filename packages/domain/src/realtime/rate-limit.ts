import { ValidationError } from '../errors.js';
import { keyOf } from '../keyspaces/keyspace.js';
import { keyspaces } from '../keyspaces/keyspaces.js';
import { isPlainMap } from '../records/field.js';
import type { RateLimitDecision } from '../ports/rate-limiter.js';

/** Checks a request to a rate limiter and gives the key under which it counts. */
export function rateLimitKey(
  request: { userId: string; endpoint: string; limit: number },
  operation: string,
): string {
  if (!isPlainMap(request)) throw new ValidationError('request', 'must be an object', { operation });
  const { userId, endpoint, limit } = request;
  if (Number.isSafeInteger(limit) && limit > 0) {
    return keyOf(keyspaces.rateLimit.pattern, { userId, endpoint });
  }
  throw new ValidationError('limit', 'must be a whole number above 0', { operation });
}

/** The decision when `count` requests are in the window; a wait of 0 means that this one is among them. */
export function rateLimitDecision(limit: number, count: number, retryAfterMs: number): RateLimitDecision {
  return { allowed: retryAfterMs === 0, count, remaining: Math.max(0, limit - count), retryAfterMs };
}
