import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { HttpConfig } from '@quantumtrade/dal-config';
import { prometheusRenderer, type RenderMetrics } from '@quantumtrade/dal-exporters';
import type { Clock } from '@quantumtrade/dal-runtime';
import { systemClock } from '@quantumtrade/dal-runtime';
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync } from 'fastify';
import fastify from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { randomUUID } from 'node:crypto';
import { ActiveRequests } from './http/active-requests.js';
import { admitRequests } from './http/admission.js';
import { Authentication } from './http/authentication.js';
import { answerFailures } from './http/failures.js';
import { losslessJson } from './http/lossless-json.js';
import { Lifecycle } from './http/lifecycle.js';
import { publishOpenApi } from './http/openapi.js';
import { RequestLog } from './http/request-log.js';
import { UserRateLimit } from './http/user-rate-limit.js';
import { addOperationRoutes } from './operations/operation-routes.js';
import { HealthMonitor } from './probes/health-monitor.js';
import { addProbeRoutes } from './probes/probe-routes.js';
import { BufferedWrites } from './records/buffered-writes.js';
import { addRecordRoutes } from './records/record-routes.js';
import { stopService } from './stop-service.js';
import { addTickRoutes } from './ticks/tick-routes.js';
import { TickStreams } from './ticks/tick-streams.js';

/** Parts of a service. */
export interface ServiceParts {
  readonly database: DatabaseAbstraction;
  readonly config: HttpConfig;
  /** @default no log */
  readonly logger?: FastifyBaseLogger;
  /** Answers `/metrics`. @default the metrics of the data layer for Prometheus */
  readonly renderMetrics?: RenderMetrics;
  /** Further routes, e.g. a dashboard. They are added after all others; each declares its `config.area`. */
  readonly plugins?: readonly FastifyPluginAsync[];
  /** @default the system's clock */
  readonly clock?: Clock;
}

/** An HTTP service over a data layer. */
export interface Service {
  readonly app: FastifyInstance;
  /** Begins to listen at the configured address, and returns its URL. */
  listen(): Promise<string>;
  /**
   * Stops in order: readiness ends, calls are served for the drain delay, further ones are refused, those under way end, batch
   * writers are flushed. Resolves within the grace time; the data layer stays open.
   * @throws RowsNotStoredError when buffered rows could not be stored in time
   */
  stop(): Promise<void>;
}

/** Creates the service over an open data layer. The data layer stays open: its owner closes it after the service has stopped. */
export async function createService(parts: ServiceParts): Promise<Service> {
  const { database, config, logger, plugins = [], clock = systemClock } = parts;
  const { renderMetrics = prometheusRenderer(database.metrics) } = parts;
  const app = fastify({
    ...(logger && { loggerInstance: logger }),
    logController: new RequestLog(),
    // The service itself refuses requests while it closes, with a problem.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    bodyLimit: config.maxBodyBytes,
    requestTimeout: config.requestTimeoutMs,
    genReqId: () => randomUUID(),
  });
  const lifecycle = new Lifecycle();
  const active = new ActiveRequests(config.maxConcurrentRequests);
  const authentication = new Authentication(config, database.authContexts);
  const writes = new BufferedWrites(database);
  const ticks = new TickStreams(database.marketStream, config.ticks, clock);
  if (authentication.acceptsNoToken) app.log.warn('no token is accepted: http.tokens is empty');

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // The schemas of answers are documentation: what the data layer returns is not checked again.
  app.setReplySerializer(losslessJson);
  answerFailures(app);
  const rateLimit = new UserRateLimit(config.rateLimit, database.rateLimiter);
  admitRequests(app, { config, lifecycle, active, authentication, rateLimit, clock });

  await publishOpenApi(app);
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const health = new HealthMonitor(database, clock);
  addProbeRoutes(routes, { database, lifecycle, health, renderMetrics });
  addRecordRoutes(routes, {
    database,
    clock,
    streamTimeoutMs: config.streamTimeoutMs,
    writeBuffered: (...write) => writes.write(...write),
  });
  addTickRoutes(routes, ticks);
  addOperationRoutes(routes, database);
  for (const plugin of plugins) await app.register(plugin);
  await app.ready();

  let stopped: Promise<void> | undefined;
  return {
    app,
    listen: () => app.listen({ host: config.host, port: config.port }),
    stop: () =>
      (stopped ??= stopService({ app, config, lifecycle, active, authentication, ticks, writes, clock })),
  };
}
