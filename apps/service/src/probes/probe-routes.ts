import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { RenderMetrics } from '@quantumtrade/dal-exporters';
import { z } from 'zod';
import type { Lifecycle } from '../http/lifecycle.js';
import type { TypedRoutes } from '../http/typed-routes.js';
import type { HealthMonitor } from './health-monitor.js';

/** Parts of the routes for probes and monitoring. */
export interface ProbeParts {
  readonly database: DatabaseAbstraction;
  readonly lifecycle: Lifecycle;
  readonly health: HealthMonitor;
  readonly renderMetrics: RenderMetrics;
}

const tags = ['monitoring'];
const state = z.object({ status: z.string() });
const status = z.looseObject({ ready: z.boolean() });

/** Adds `/livez`, `/readyz`, `/healthz` and `/metrics`, which are answered however busy the service is. */
export function addProbeRoutes(app: TypedRoutes, parts: ProbeParts): void {
  const { database, lifecycle, health, renderMetrics } = parts;
  const probe = (summary: string) =>
    ({
      exposeHeadRoute: true,
      config: { area: 'probe' },
      schema: { tags, summary, security: [], response: { 200: state, 503: state } },
    }) as const;

  app.get('/livez', probe('Whether the process should go on'), async (_, reply) => {
    const isLive = database.isLive();
    return reply.code(isLive ? 200 : 503).send({ status: isLive ? 'live' : 'closed' });
  });

  app.get('/readyz', probe('Whether the service should get requests'), async (_, reply) => {
    if (lifecycle.state !== 'serving') return reply.code(503).send({ status: 'stopping' });
    const { ready } = await health.health();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready' });
  });

  app.get(
    '/healthz',
    {
      config: { area: 'health', operation: 'health' },
      schema: {
        tags,
        summary: 'The health of the data layer; 503 while it is not ready',
        response: { 200: status, 503: status },
      },
    },
    async (_, reply) => {
      const found = await health.health();
      return reply.code(found.ready ? 200 : 503).send({ ...found });
    },
  );

  app.get(
    '/metrics',
    {
      config: { area: 'metrics', operation: 'metrics' },
      schema: { tags, summary: 'Metrics for Prometheus' },
    },
    async (request, reply) => {
      const { contentType, body } = await renderMetrics(request.headers.accept);
      return reply.type(contentType).serializer(String).send(body);
    },
  );
}
