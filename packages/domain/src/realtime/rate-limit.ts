import { isDatabaseError, ValidationError } from '../errors.js';
import { keyOf } from '../keyspaces/keys.js';
import { keyspaces } from '../keyspaces/keyspaces.js';
import { keysOf, readMembers } from '../arguments.js';
import { refusalOfName } from '../records/kinds/text.js';
import type { RateLimitDecision, RateLimitFallback, RateLimitRequest } from '../ports/rate-limiter.js';
import { RATE_LIMIT_WINDOW_MS } from '../ports/rate-limiter.js';

const MAX_USER_LENGTH = 256;
const MAX_ENDPOINT_LENGTH = 1_024;
const MAX_COST = 1_000_000_000;
const MAX_WINDOW_MS = 86_400_000;
/** Delay before a request denied by an unavailable store may be retried. */
const RETRY_UNAVAILABLE_MS = 1_000;

const FALLBACKS: readonly RateLimitFallback[] = ['reject', 'allow', 'deny'];

const MEMBERS = keysOf<RateLimitRequest>({
  userId: true,
  endpoint: true,
  limit: true,
  cost: true,
  windowMs: true,
  onUnavailable: true,
});

/** A checked request. */
export interface RateLimit {
  /** Key that the request is counted under. */
  readonly key: string;
  readonly limit: number;
  readonly cost: number;
  readonly windowMs: number;
}

/** Checks a request to a rate limiter; throws `ValidationError` naming the invalid member. */
export function rateLimitOf(request: RateLimitRequest, operation: string): RateLimit {
  const given = readMembers('request', request, MEMBERS, operation) as unknown as RateLimitRequest;
  const { userId, endpoint, limit, cost = 1, windowMs = RATE_LIMIT_WINDOW_MS, onUnavailable } = given;
  const wrongUser = refusalOfName(userId, MAX_USER_LENGTH);
  if (wrongUser !== undefined) throw refusal('userId', wrongUser, operation);
  const wrongEndpoint = refusalOfName(endpoint, MAX_ENDPOINT_LENGTH);
  if (wrongEndpoint !== undefined) throw refusal('endpoint', wrongEndpoint, operation);
  if (!isFrom1To(Number.MAX_SAFE_INTEGER, limit))
    throw refusal('limit', 'must be a whole number above 0', operation);
  const maxCost = Math.min(limit, MAX_COST);
  if (!isFrom1To(maxCost, cost))
    throw refusal('cost', `must be a whole number from 1 to ${maxCost}`, operation);
  if (!isFrom1To(MAX_WINDOW_MS, windowMs)) {
    throw refusal('windowMs', `must be a whole number from 1 to ${MAX_WINDOW_MS}`, operation);
  }
  if (onUnavailable !== undefined && !FALLBACKS.includes(onUnavailable)) {
    throw refusal('onUnavailable', 'must be allow, deny or reject', operation);
  }
  const key = keyOf(keyspaces.rateLimit.pattern, { userId, endpoint });
  // No endpoint has a colon in its key, so this is no other's.
  return { key: windowMs === RATE_LIMIT_WINDOW_MS ? key : `${key}:${windowMs}`, limit, cost, windowMs };
}

const refusal = (name: string, reason: string, operation: string) =>
  new ValidationError(name, reason, { operation });

const isFrom1To = (max: number, value: number): boolean =>
  Number.isSafeInteger(value) && value >= 1 && value <= max;

/** Returns the decision for a total cost of `count` in the window. A wait of 0 means that the request is allowed. */
export function rateLimitDecision(limit: number, count: number, retryAfterMs: number): RateLimitDecision {
  return { allowed: retryAfterMs === 0, count, remaining: Math.max(0, limit - count), retryAfterMs };
}

/** Returns the decision of `onUnavailable`, or of the fallback without it. Rethrows the error when that is `reject`, and other errors. */
export function decisionWithoutStore(
  { onUnavailable }: RateLimitRequest,
  error: unknown,
  fallback: RateLimitFallback = 'reject',
): RateLimitDecision {
  const decision = onUnavailable ?? fallback;
  if (decision === 'reject' || !isUnavailable(error)) throw error;
  const allowed = decision === 'allow';
  const retryAfterMs = allowed ? 0 : RETRY_UNAVAILABLE_MS;
  return { allowed, count: 0, remaining: 0, retryAfterMs, isUnavailable: true };
}

const isUnavailable = (error: unknown): boolean =>
  isDatabaseError(error) &&
  (error.code === 'CONNECTION' || error.code === 'TIMEOUT' || (error.code === 'CACHE' && error.retryable));
