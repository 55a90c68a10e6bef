import type { Writing } from '@quantumtrade/dal';
import { DatabaseAbstraction } from '@quantumtrade/dal';
import type { AuditTrail, AuditTrailEvent } from '@quantumtrade/dal-audit-trail';
import type { AuditConfig } from '@quantumtrade/dal-config';
import type { AuditSink, CacheBackend, TimeSource, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import {
  keysOf,
  requireClock,
  requireKnownKeys,
  requireObject,
  requireType,
  systemClock,
} from '@quantumtrade/dal-domain';
import type { ServiceIdentifier } from 'inversify';
import { ContainerModule } from 'inversify';
import { closable, closePart } from '../closing.js';
import { TOKENS } from '../tokens.js';

/** What an application may decide about its data layer besides the backends. */
export interface DatabaseOptions {
  /** Default is the system's clock. */
  clock?: TimeSource;
  /** Where modifications of data are recorded. Default is nowhere. */
  audit?: AuditSink;
  /** The audit trail on this machine's disk, in place of the one that the backend's configuration has. */
  auditTrail?: AuditConfig;
  /** Told when the audit trail could not record something, and when it was repaired. Must not throw. */
  onAuditTrailEvent?: (event: AuditTrailEvent) => void;
  /** Who audit entries name. Default is the audit trail's configured actor, else `unknown`. */
  actor?: string;
}

const OPTIONS = keysOf<DatabaseOptions>({
  clock: true,
  audit: true,
  auditTrail: true,
  onAuditTrailEvent: true,
  actor: true,
});
const OPERATION = 'database.open';

/**
 * Binds the data layer and each of its ports, over the backends that another module binds. Throws `ValidationError` naming an
 * option that is wrong or unknown.
 */
export function databaseModule(options: DatabaseOptions = {}): ContainerModule {
  requireKnownKeys(requireObject('options', options, OPERATION), OPTIONS, OPERATION);
  const { clock = systemClock, audit, auditTrail, onAuditTrailEvent, actor = auditTrail?.actor } = options;
  requireClock('clock', clock, OPERATION);
  requireType('actor', actor, 'string', OPERATION);
  requireType('onAuditTrailEvent', onAuditTrailEvent, 'function', OPERATION);
  return new ContainerModule(({ bind }) => {
    bind(TOKENS.Clock).toConstantValue(clock);
    if (onAuditTrailEvent) bind(TOKENS.AuditTrailListener).toConstantValue(onAuditTrailEvent);
    if (audit) bind<AuditSink>(TOKENS.AuditSink).toConstantValue(audit);
    bind(TOKENS.Database)
      .toResolvedValue(
        (
          timeSeries: TimeSeriesBackend,
          cache: CacheBackend,
          time: TimeSource,
          writing?: Writing,
          trail?: AuditTrail,
          configuredActor?: string,
        ) => {
          const database = new DatabaseAbstraction({
            timeSeries,
            cache,
            writing,
            clock: time,
            audit: together(audit, trail),
            actor: actor ?? configuredActor,
          });
          return closable(
            database,
            () => database.close(),
            trail ? [timeSeries, cache, trail] : [timeSeries, cache],
          );
        },
        [
          TOKENS.TimeSeriesBackend,
          TOKENS.CacheBackend,
          TOKENS.Clock,
          { serviceIdentifier: TOKENS.Writing, optional: true },
          { serviceIdentifier: TOKENS.AuditTrail, optional: true },
          { serviceIdentifier: TOKENS.AuditActor, optional: true },
        ],
      )
      .inSingletonScope()
      .onDeactivation(closePart);

    const part = <T>(identifier: ServiceIdentifier<T>, of: (database: DatabaseAbstraction) => T) =>
      bind(identifier).toResolvedValue(of, [TOKENS.Database]).inSingletonScope();
    part(TOKENS.MarketDataRepository, (database) => database.marketData);
    part(TOKENS.SentimentRepository, (database) => database.sentiment);
    part(TOKENS.FeatureRepository, (database) => database.features);
    part(TOKENS.PredictionRepository, (database) => database.predictions);
    part(TOKENS.OutcomeRepository, (database) => database.outcomes);
    part(TOKENS.StrategyPerformanceRepository, (database) => database.strategyPerformance);
    part(TOKENS.Analytics, (database) => database.analytics);
    part(TOKENS.SchemaController, (database) => database.schema);
    part(TOKENS.Cache, (database) => database.cache);
    part(TOKENS.MarketStream, (database) => database.marketStream);
    part(TOKENS.RateLimiter, (database) => database.rateLimiter);
    part(TOKENS.RealtimeValues, (database) => database.realtime);
    part(TOKENS.SessionStore, (database) => database.sessions);
    part(TOKENS.AuthContextStore, (database) => database.authContexts);
  });
}

/** One sink that keeps each entry in all that there are. */
function together(...sinks: readonly (AuditSink | undefined)[]): AuditSink {
  const present = sinks.filter((sink) => sink !== undefined);
  return {
    async record(entry) {
      await Promise.all(present.map((sink) => sink.record(entry)));
    },
  };
}
