import type {
  CallOptions,
  RateLimit,
  RateLimitDecision,
  RateLimiter,
  RateLimitRequest,
} from '@quantumtrade/dal-domain';
import { decisionWithoutStore, rateLimitDecision, rateLimitOf } from '@quantumtrade/dal-domain';
import type { ExpiringStore } from './memory-cache.js';

const OPERATION = 'rateLimiter.consume';

/** The rate limiter port in memory. */
export class MemoryRateLimiter implements RateLimiter {
  readonly #store: ExpiringStore;

  constructor(store: ExpiringStore) {
    this.#store = store;
  }

  async consume(request: RateLimitRequest, options?: CallOptions): Promise<RateLimitDecision> {
    const asked = rateLimitOf(request, OPERATION);
    try {
      this.#store.enter(options, OPERATION);
      return this.#count(asked);
    } catch (error) {
      return decisionWithoutStore(request, error);
    }
  }

  #count({ key, limit, cost, windowMs }: RateLimit): RateLimitDecision {
    const now = this.#store.clock.now();
    const counted = (this.#store.read(key, 'log', OPERATION) ?? []).filter(({ at }) => at > now - windowMs);
    const count = counted.reduce((total, each) => total + each.cost, 0);
    let tooMuch = cost - (limit - count);
    if (tooMuch > 0) {
      const last = counted.find((each) => (tooMuch -= each.cost) <= 0)!;
      return rateLimitDecision(limit, count, last.at + windowMs - now);
    }
    const log = [...counted, { at: now, cost }].sort((a, b) => a.at - b.at);
    this.#store.write(key, { kind: 'log', value: log }, windowMs);
    return rateLimitDecision(limit, count + cost, 0);
  }
}
