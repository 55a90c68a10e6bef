import type { CallOptions, RateLimitDecision, RateLimiter } from '@quantumtrade/dal-domain';
import { RATE_LIMIT_WINDOW_MS, rateLimitDecision, rateLimitKey } from '@quantumtrade/dal-domain';
import type { ExpiringStore } from './expiring-store.js';

/** The rate limiter port in memory. */
export class MemoryRateLimiter implements RateLimiter {
  readonly #store: ExpiringStore;

  constructor(store: ExpiringStore) {
    this.#store = store;
  }

  async consume(
    request: { userId: string; endpoint: string; limit: number },
    options?: CallOptions,
  ): Promise<RateLimitDecision> {
    const operation = 'rateLimiter.consume';
    const key = rateLimitKey(request, operation);
    this.#store.enter(options, operation);
    const now = this.#store.clock.now();
    const counted = (this.#store.read(key, 'log', operation) ?? []).filter(
      (instant) => instant > now - RATE_LIMIT_WINDOW_MS,
    );
    const { limit } = request;
    if (counted.length >= limit) {
      const leaving = counted[counted.length - limit]!;
      return rateLimitDecision(limit, counted.length, leaving + RATE_LIMIT_WINDOW_MS - now);
    }
    const log = [...counted, now].sort((a, b) => a - b);
    this.#store.write(key, { kind: 'log', value: log }, RATE_LIMIT_WINDOW_MS);
    return rateLimitDecision(limit, log.length, 0);
  }
}
