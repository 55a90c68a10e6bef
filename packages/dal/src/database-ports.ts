import { coherentBlocks, ReadThroughCache } from '@quantumtrade/dal-cache';
import type {
  Analytics,
  AuthContextStore,
  BackendProbe,
  BlockWriter,
  Cache,
  CheckpointRepository,
  MarketStream,
  ObservedPorts,
  OpenKeyspace,
  Operations,
  QueryPlans,
  RateLimiter,
  RecordName,
  RecordRepositories,
  RealtimeValues,
  SchemaController,
  ServerCondition,
  SessionStore,
  TimeSource,
} from '@quantumtrade/dal-domain';
import {
  authContextStore,
  OPERATIONS,
  realtimeValues,
  recordNames,
  sessionStore,
  systemClock,
} from '@quantumtrade/dal-domain';
import type { BackupBackend, CopyController, StorageController } from '@quantumtrade/dal-domain/operations';
import { OperationMetrics } from '@quantumtrade/dal-telemetry';
import { noteLookup } from './cache-lookups.js';
import { cachedBackups } from './caching/cached-backups.js';
import { cachedFeatures } from './caching/features.js';
import { cachedMarketData } from './caching/market-data.js';
import { cachedPredictions } from './caching/predictions.js';
import { cachedCopies } from './caching/cached-copies.js';
import { cachedSchema } from './caching/cached-schema.js';
import { generalCache } from './caching/general-cache.js';
import { keyspaceOptions } from './caching/keyspace-options.js';
import { countedRateLimiter, type DecisionsWithoutStore } from './counted-rate-limiter.js';
import type { DatabaseParts } from './database-parts.js';
import { requireDatabaseParts } from './database-parts.js';
import type { CachedMethods } from './observation.js';
import { Observation } from './observation.js';
import { RecentAnswer } from './recent-answer.js';

/** Parts of a data layer that are not public. */
export interface DatabaseServices {
  readonly parts: DatabaseParts;
  readonly clock: TimeSource;
  /** Calls of the store, also those that the cache answers. */
  readonly metrics: OperationMetrics;
  readonly cacheMetrics: OperationMetrics;
  readonly observation: Observation;
  readonly cacheObservation: Observation;
  readonly readThrough: ReadThroughCache;
  /** Undefined for a store without conditions. */
  readonly conditions: RecentAnswer<readonly ServerCondition[]> | undefined;
  readonly decisionsWithoutStore: DecisionsWithoutStore;
  /** Observed, and coherent with the cache. */
  readonly blocks: BlockWriter;
}

/** @throws ValidationError naming a part that is unknown */
export function createServices(parts: DatabaseParts): DatabaseServices {
  requireDatabaseParts(parts);
  const { timeSeries, cache, audit, actor = 'unknown', clock = systemClock } = parts;
  const auditing = audit && { sink: audit, actor, clock };
  const metrics = new OperationMetrics();
  const cacheMetrics = new OperationMetrics();
  const observation = new Observation(metrics, auditing);
  const readThrough = new ReadThroughCache(cache, {
    keyspaces: keyspaceOptions,
    observer: { cacheLookup: (hit, pattern) => noteLookup(metrics, hit, pattern) },
    mayLag: () => timeSeries.probe.mayLag?.() ?? false,
    time: clock,
  });
  return {
    parts,
    clock,
    metrics,
    cacheMetrics,
    observation,
    cacheObservation: new Observation(cacheMetrics, auditing),
    readThrough,
    conditions: conditionsOf(timeSeries.probe, clock),
    decisionsWithoutStore: { allow: 0, deny: 0 },
    blocks: observation.blocks(coherentBlocks(timeSeries.blocks, readThrough)),
  };
}

/** Time for which the conditions of servers are kept. */
const CONDITIONS_ARE_KEPT_MS = 10_000;

function conditionsOf(probe: BackendProbe, clock: TimeSource): DatabaseServices['conditions'] {
  if (!probe.conditions) return undefined;
  const isComplete = (servers: readonly ServerCondition[]) =>
    servers.every(({ error }) => error === undefined);
  return new RecentAnswer((options) => probe.conditions!(options), CONDITIONS_ARE_KEPT_MS, clock, isComplete);
}

type CachedRecords = {
  readonly [N in RecordName]?: (
    repository: RecordRepositories[N],
    cache: ReadThroughCache,
  ) => CachedMethods<RecordRepositories[N]>;
};

/** Records of which some reads go through the cache. */
const cachedRecords: CachedRecords = {
  marketData: cachedMarketData,
  features: cachedFeatures,
  predictions: cachedPredictions,
};

/** Class with the repository of each record as a property. */
const RecordPorts = class {
  constructor(repositories: RecordRepositories) {
    Object.assign(this, repositories);
  }
} as new (repositories: RecordRepositories) => RecordRepositories;

/**
 * The ports of a data layer. Every call is timed, announced and, where it changes data, audited. Reads of latest values and of
 * predictions go through the cache, and every write keeps the cache coherent.
 */
export abstract class DatabasePorts extends RecordPorts implements ObservedPorts {
  readonly analytics: Analytics;
  readonly backups: BackupBackend;
  readonly checkpoints: CheckpointRepository;
  readonly copies: CopyController;
  readonly queryPlans: QueryPlans;
  readonly schema: SchemaController;
  readonly storage: StorageController;
  readonly cache: Cache;
  readonly marketStream: MarketStream;
  readonly rateLimiter: RateLimiter;
  readonly realtime: RealtimeValues;
  readonly sessions: SessionStore;
  readonly authContexts: AuthContextStore;

  constructor(services: DatabaseServices) {
    const { parts, clock, observation, cacheObservation, readThrough } = services;
    const { timeSeries, cache } = parts;
    const observed = <Name extends keyof ObservedPorts>(
      name: Name,
      port: ObservedPorts[Name],
      cached?: CachedMethods<ObservedPorts[Name]>,
    ) => observation.port(name, port, OPERATIONS[name], cached);
    const observedRecord = <N extends RecordName>(name: N) => {
      const repository: RecordRepositories[N] = timeSeries[name];
      const operations = OPERATIONS[name] as Operations<RecordRepositories[N]>;
      return observation.port(name, repository, operations, cachedRecords[name]?.(repository, readThrough));
    };
    super(Object.fromEntries(recordNames.map((name) => [name, observedRecord(name)])) as never);
    this.analytics = observed('analytics', timeSeries.analytics);
    this.backups = observed('backups', timeSeries.backups, cachedBackups(timeSeries.backups, readThrough));
    this.checkpoints = observed('checkpoints', timeSeries.checkpoints);
    this.copies = observed('copies', timeSeries.copies, cachedCopies(timeSeries.copies, readThrough));
    this.queryPlans = observed('queryPlans', timeSeries.queryPlans);
    this.schema = observed('schema', timeSeries.schema, cachedSchema(timeSeries.schema, readThrough));
    this.storage = observed('storage', timeSeries.storage);

    const observedCache = <Name extends keyof ObservedPorts>(name: Name, port: ObservedPorts[Name]) =>
      cacheObservation.port(name, port, OPERATIONS[name]);
    const open: OpenKeyspace = (keyspace) => readThrough.cacheOnly(keyspace);
    this.cache = observedCache('cache', generalCache(readThrough.cache));
    this.marketStream = observedCache('marketStream', cache.marketStream);
    this.rateLimiter = observedCache(
      'rateLimiter',
      countedRateLimiter(cache.rateLimiter, services.decisionsWithoutStore),
    );
    this.realtime = observedCache('realtime', realtimeValues(open));
    this.sessions = observedCache('sessions', sessionStore(open, clock));
    this.authContexts = observedCache('authContexts', authContextStore(open));
  }
}
