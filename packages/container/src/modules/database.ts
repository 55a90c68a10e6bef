import { DatabaseAbstraction } from '@quantumtrade/dal';
import type { AuditSink, CacheBackend, Clock, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { systemClock } from '@quantumtrade/dal-domain';
import type { ServiceIdentifier } from 'inversify';
import { ContainerModule } from 'inversify';
import { TOKENS } from '../tokens.js';

/** What an application may decide about its data layer besides the backends. */
export interface DatabaseOptions {
  /** Default is the system's clock. */
  clock?: Clock;
  /** Where modifications of data are recorded. Default is nowhere. */
  audit?: AuditSink;
  /** Who audit entries name. Default is `unknown`. */
  actor?: string;
}

/** Binds the data layer and each of its ports, over the backends that another module binds. */
export function databaseModule({ clock = systemClock, audit, actor }: DatabaseOptions = {}): ContainerModule {
  return new ContainerModule(({ bind }) => {
    bind(TOKENS.Clock).toConstantValue(clock);
    if (audit) bind<AuditSink>(TOKENS.AuditSink).toConstantValue(audit);
    bind(TOKENS.Database)
      .toResolvedValue(
        (timeSeries: TimeSeriesBackend, cache: CacheBackend, time: Clock) =>
          new DatabaseAbstraction({ timeSeries, cache, clock: time, audit, actor }),
        [TOKENS.TimeSeriesBackend, TOKENS.CacheBackend, TOKENS.Clock],
      )
      .inSingletonScope();

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
