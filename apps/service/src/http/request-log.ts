import type { FastifyReply, FastifyRequest } from 'fastify';
import { LogController } from 'fastify';

/** Status of requests that are refused in numbers while the service is overloaded, or stops. */
const UNAVAILABLE = 503;

/**
 * Logs each request once, when it is answered, with its route in place of its URL: at level `warn` when it failed, at `debug` when it
 * succeeded or was refused.
 */
export class RequestLog extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(_: Error | null, request: FastifyRequest, reply: FastifyReply): void {
    const { method, routeOptions, user } = request;
    const { statusCode, elapsedTime } = reply;
    const fields = { method, route: routeOptions.url, statusCode, durationMs: elapsedTime, user: user?.id };
    const hasFailed = statusCode >= 500 && statusCode !== UNAVAILABLE;
    request.log[hasFailed ? 'warn' : 'debug'](fields, 'request answered');
  }
}
