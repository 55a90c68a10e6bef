import { randomUUID } from 'node:crypto';
import type { CallOptions, Clock, RateLimitDecision, RateLimiter } from '@quantumtrade/dal-domain';
import { RATE_LIMIT_WINDOW_MS, rateLimitDecision, rateLimitKey } from '@quantumtrade/dal-domain';
import type { RunCommand, Script } from '../client/commands.js';

/**
 * Counts a request in a sliding window, a sorted set of the allowed requests by their instants.
 * ARGV: the window in ms, the limit, a name for the request, and the instant, which is the server's when left out.
 * Returns how many are in the window, and the wait in ms, which is 0 when this one is among them.
 */
export const slidingWindow: Script = {
  name: 'qtdalSlidingWindow',
  short: true,
  lua: `
local window, limit, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local count = redis.call('ZCARD', KEYS[1])
if count >= limit then
  local leaving = redis.call('ZRANGE', KEYS[1], count - limit, count - limit, 'WITHSCORES')
  return { count, leaving[2] + window - now }
end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], window)
return { count + 1, 0 }
`,
};

/** The rate limiter port on Redis: one script a call, exact across all clients of the server. */
export class RedisRateLimiter implements RateLimiter {
  readonly #run: RunCommand;
  readonly #clock: Clock | undefined;
  readonly #requestsOf = randomUUID();
  #requests = 0;

  /** Without a clock, time is the server's, the same for all its clients. */
  constructor(run: RunCommand, clock: Clock | undefined) {
    this.#run = run;
    this.#clock = clock;
  }

  async consume(
    request: { userId: string; endpoint: string; limit: number },
    options?: CallOptions,
  ): Promise<RateLimitDecision> {
    const operation = 'rateLimiter.consume';
    const key = rateLimitKey(request, operation);
    const { limit } = request;
    const answer = await this.#run(operation, options, (redis) => {
      const now = this.#clock ? [this.#clock.now()] : [];
      const request = `${this.#requestsOf}:${this.#requests++}`;
      return redis.evaluate(slidingWindow, key, [RATE_LIMIT_WINDOW_MS, limit, request, ...now]);
    });
    const [count, retryAfterMs] = answer as [number, number];
    return rateLimitDecision(limit, count, retryAfterMs);
  }
}
