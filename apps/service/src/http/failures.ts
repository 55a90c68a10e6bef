import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from './problem.js';
import { PROBLEM_TYPE, problemBody, toProblem } from './problem.js';
import { RefusedRequest } from './refused-request.js';

const CHALLENGES: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: 'Bearer realm="qtdal"',
  FORBIDDEN: 'Bearer realm="qtdal", error="insufficient_scope"',
};

/** Answers every failed request with a problem. */
export function answerFailures(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = toProblem(error, request.routeOptions.config.operation);
    if (problem.code === 'INTERNAL') request.log.error({ err: error }, 'request failed');
    return sendProblem(problem, request, reply);
  });
  app.setNotFoundHandler((request, reply) => {
    const problem = toProblem(new RefusedRequest('NOT_FOUND', 'there is no such route'));
    return sendProblem(problem, request, reply);
  });
}

function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const challenge = CHALLENGES[problem.code];
  if (challenge !== undefined) reply.header('www-authenticate', challenge);
  if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', problem.retryAfterSeconds);
  return reply.code(problem.status).type(PROBLEM_TYPE).send(problemBody(problem, request.id));
}
