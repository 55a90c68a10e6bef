import type { AuditTrail } from '@quantumtrade/dal-audit-trail';
import type { AuditConfig, DalConfig } from '@quantumtrade/dal-config';
import type { AuditSink, CacheBackend, TimeSeriesBackend, TimeSource } from '@quantumtrade/dal-domain';
import type { BlockArchive, ReadBackupCondition } from '@quantumtrade/dal-domain/operations';
import { systemClock } from '@quantumtrade/dal-domain';
import type { DatabaseAbstraction, WriterSetup } from '@quantumtrade/dal';
import { ContainerModule, type ServiceIdentifier } from 'inversify';
import { closable, closePart } from './closing.js';
import type { DatabaseOptions } from './compose-database.js';
import { createDatabase, openTrail, requireDatabaseOptions } from './compose-database.js';
import type { EmbeddedStoresConfig, MemoryConfig, ServersConfig, Stores } from './stores.js';
import { openEmbedded, openMemory, openServers } from './stores.js';
import { TOKENS } from './tokens.js';

type WithAudit = { readonly audit?: AuditConfig | undefined };

const STORES: ServiceIdentifier<Stores> = Symbol('Stores');
const AUDIT_CONFIG: ServiceIdentifier<AuditConfig> = Symbol('AuditConfig');
const optional = <T>(serviceIdentifier: ServiceIdentifier<T>) => ({
  serviceIdentifier,
  optional: true as const,
});

/** Binds your own servers: ClickHouse for time series, Redis for the cache. Connects on first use. */
export const clickHouseRedisModule = (config: ServersConfig & WithAudit): ContainerModule =>
  storesModule((clock) => openServers(config, clock), config);

/**
 * Binds a real ClickHouse engine in a child process, which ends with this process, and the configured Redis if it answers, else
 * the memory cache. Without `embedded.dataDirectory`, the data directory is temporary, and so is what batch writers keep outside
 * the store. Needs the package `@quantumtrade/dal-clickhouse-embedded`, which is installed separately.
 */
export const embeddedModule = (config: EmbeddedStoresConfig & WithAudit): ContainerModule =>
  storesModule((clock) => openEmbedded(config, clock), config, true);

/** Binds this process's memory, but for the audit trail where one is configured: for unit tests and dry runs. */
export const memoryModule = (config: MemoryConfig & WithAudit = {}): ContainerModule =>
  storesModule((clock) => openMemory(config, clock), config);

/** Returns the module of the backend that the configuration names. */
export function backendModule(config: DalConfig): ContainerModule {
  switch (config.backend) {
    case 'clickhouse-redis':
      return clickHouseRedisModule(config);
    case 'embedded':
      return embeddedModule(config);
    case 'memory':
      return memoryModule(config);
  }
}

function storesModule(
  open: (clock: TimeSource) => Stores | Promise<Stores>,
  { audit }: WithAudit,
  hasEngine = false,
): ContainerModule {
  return new ContainerModule(({ bind }) => {
    const part = <T>(identifier: ServiceIdentifier<T>, of: (stores: Stores) => T) =>
      bind(identifier).toResolvedValue(of, [STORES]).inSingletonScope();
    if (audit) bind(AUDIT_CONFIG).toConstantValue(audit);
    bind(STORES)
      .toResolvedValue(
        (clock: TimeSource) => {
          const stores = open(clock);
          return stores instanceof Promise ? stores.then(closableStores) : closableStores(stores);
        },
        [TOKENS.Clock],
      )
      .inSingletonScope()
      .onDeactivation(closePart);
    part(TOKENS.TimeSeriesBackend, ({ timeSeries }) => timeSeries);
    part(TOKENS.CacheBackend, ({ cache }) => cache);
    part(TOKENS.Writing, ({ writing }) => writing);
    bind<BlockArchive | undefined>(TOKENS.BlockArchive)
      .toResolvedValue(({ archive }: Stores) => archive, [STORES])
      .inSingletonScope();
    bind<ReadBackupCondition | undefined>(TOKENS.BackupCondition)
      .toResolvedValue(({ backupCondition }: Stores) => backupCondition, [STORES])
      .inSingletonScope();
    part(TOKENS.BackendNames, ({ names }) => names);
    if (hasEngine) part(TOKENS.EmbeddedClickHouse, ({ engine }) => engine!);
  });
}

/** Declares that stores are closed after the data layer that uses their time series. */
function closableStores(stores: Stores): Stores {
  closable(stores, () => stores.close());
  closable(stores.timeSeries, () => undefined, [stores]);
  return stores;
}

/**
 * Binds the data layer and each of its ports, over the stores that another module binds. Throws `ValidationError` naming an
 * option that is wrong or unknown.
 */
export function databaseModule(options: DatabaseOptions = {}): ContainerModule {
  requireDatabaseOptions(options);
  const { audit, auditTrail, onAuditTrailEvent } = options;
  return new ContainerModule(({ bind }) => {
    bind(TOKENS.Clock).toConstantValue(options.clock ?? systemClock);
    if (audit) bind<AuditSink>(TOKENS.AuditSink).toConstantValue(audit);
    bind<AuditTrail | undefined>(TOKENS.AuditTrail)
      .toResolvedValue(
        (configured?: AuditConfig) => {
          const trail = openTrail(auditTrail ?? configured ?? {}, onAuditTrailEvent);
          return trail?.then((opened) => closable(opened, () => opened.close()));
        },
        [optional(AUDIT_CONFIG)],
      )
      .inSingletonScope()
      .onDeactivation(closePart);
    bind(TOKENS.Database)
      .toResolvedValue(
        (
          timeSeries: TimeSeriesBackend,
          cache: CacheBackend,
          trail: AuditTrail | undefined,
          writing?: WriterSetup,
          configured?: AuditConfig,
          archive?: BlockArchive,
          backupCondition?: ReadBackupCondition,
        ) => {
          const actor = auditTrail ? auditTrail.actor : configured?.actor;
          const below = { timeSeries, cache, writing, archive, backupCondition };
          const parts = { ...below, auditTrail: trail, actor };
          const database = createDatabase(parts, options);
          return closable(database, () => database.close(), trail ? [timeSeries, trail] : [timeSeries]);
        },
        [
          TOKENS.TimeSeriesBackend,
          TOKENS.CacheBackend,
          TOKENS.AuditTrail,
          optional(TOKENS.Writing),
          optional(AUDIT_CONFIG),
          optional(TOKENS.BlockArchive),
          optional(TOKENS.BackupCondition),
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
