import type { HttpConfig } from '@quantumtrade/dal-config';
import type { CallOptions, RateLimiter } from '@quantumtrade/dal-domain';
import type { FastifyReply } from 'fastify';
import type { User } from './authentication.js';
import { RefusedRequest } from './refused-request.js';

/** Limits the requests of each user, by the limiter of the data layer, so that all processes count together. */
export class UserRateLimit {
  readonly #config: HttpConfig['rateLimit'];
  readonly #limiter: RateLimiter;

  constructor(config: HttpConfig['rateLimit'], limiter: RateLimiter) {
    this.#config = config;
    this.#limiter = limiter;
  }

  /**
   * Counts a request, and sets the headers `RateLimit-Policy` and `RateLimit` of the response.
   * @throws RefusedRequest when the user has no request left
   */
  async consume(
    name: 'reads' | 'writes',
    user: User,
    reply: FastifyReply,
    options: CallOptions,
  ): Promise<void> {
    const { [name]: limit, windowMs, fallback } = this.#config;
    if (limit === 0) return;
    const request = {
      userId: user.id,
      endpoint: `service/${name}`,
      limit,
      windowMs,
      onUnavailable: fallback,
    };
    const { allowed, remaining, retryAfterMs, isUnavailable } = await this.#limiter.consume(request, options);
    if (!isUnavailable) {
      const reset = allowed ? '' : `;t=${Math.ceil(retryAfterMs / 1_000)}`;
      reply.header('ratelimit-policy', `"${name}";q=${limit};w=${Math.ceil(windowMs / 1_000)}`);
      reply.header('ratelimit', `"${name}";r=${remaining}${reset}`);
    }
    if (!allowed) {
      throw new RefusedRequest('RATE_LIMITED', `the limit of ${limit} ${name} is reached`, retryAfterMs);
    }
  }
}
