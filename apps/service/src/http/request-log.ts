import type { FastifyReply, FastifyRequest } from 'fastify';
import { LogController } from 'fastify';

/** Logs each request once, when it is answered, with its route in place of its URL: at level `warn` when it failed, else `debug`. */
export class RequestLog extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(_: Error | null, request: FastifyRequest, reply: FastifyReply): void {
    const { method, routeOptions, user } = request;
    const { statusCode, elapsedTime } = reply;
    const fields = { method, route: routeOptions.url, statusCode, durationMs: elapsedTime, user: user?.id };
    request.log[statusCode >= 500 ? 'warn' : 'debug'](fields, 'request answered');
  }
}
