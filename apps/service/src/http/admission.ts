import type { HttpConfig } from '@quantumtrade/dal-config';
import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
import type { FastifyInstance } from 'fastify';
import type { ActiveRequests } from './active-requests.js';
import type { Area } from './areas.js';
import { AREAS, DEFAULT_AREA } from './areas.js';
import type { Authentication, User } from './authentication.js';
import type { Lifecycle } from './lifecycle.js';
import { RefusedRequest } from './refused-request.js';
import { SECURITY_HEADERS } from './security-headers.js';
import type { UserRateLimit } from './user-rate-limit.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** @default the area `operate` */
    area?: Area;
    /** The operation of problems that the data layer does not name, e.g. `marketData.find`. */
    operation?: string;
    /** Time limit of the calls of the data layer (milliseconds). @default the configured request timeout */
    timeoutMs?: number;
    /** Whether the response has no end of its own. It is bounded by its route, and no request under way. */
    isEndless?: boolean;
  }
  interface FastifyRequest {
    /** User of the token; missing where there is no route. */
    user: User;
    /** Limits of the calls of the data layer that the request makes. */
    call: CallOptions;
  }
}

export interface AdmissionParts {
  readonly config: HttpConfig;
  readonly lifecycle: Lifecycle;
  readonly active: ActiveRequests;
  readonly authentication: Authentication;
  readonly rateLimit: UserRateLimit;
  readonly clock: TimeSource;
}

const RETRY_STOPPING_MS = 1_000;

/** Decides on every request before its body is read: state of the service, requests under way, token, role, rate limit. */
export function admitRequests(app: FastifyInstance, parts: AdmissionParts): void {
  const { config, lifecycle, active, authentication, rateLimit, clock } = parts;
  app.decorateRequest('user');
  app.decorateRequest('call');
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (lifecycle.state !== 'serving') reply.header('connection', 'close');
    if (request.is404) return;
    const { area = DEFAULT_AREA, timeoutMs, isEndless } = request.routeOptions.config;
    const rules = AREAS[area];
    if (rules.isLimited && lifecycle.state === 'refusing') {
      throw new RefusedRequest('STOPPING', 'the service is stopping', RETRY_STOPPING_MS);
    }
    const signal = rules.isLimited && !isEndless ? active.begin(reply.raw) : undefined;
    const deadline = clock.now() + (timeoutMs ?? config.requestTimeoutMs);
    request.call = { deadline, ...(signal && { signal }) };
    // Without a deadline, so that a cache which hangs delays a request by its budget only.
    const lookup = signal ? { signal } : {};
    request.user = await authentication.authorize(area, request.headers.authorization, lookup);
    if (rules.rateLimit) await rateLimit.consume(rules.rateLimit, request.user, reply, lookup);
  });
}
