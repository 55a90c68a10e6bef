import type { DatabaseAbstraction, WriterSetup } from '@quantumtrade/dal';
import type { AuditTrail } from '@quantumtrade/dal-audit-trail';
import type {
  Analytics,
  AuditSink,
  AuthContextStore,
  Cache,
  CacheBackend,
  TimeSource,
  FeatureRepository,
  MarketDataRepository,
  MarketStream,
  OutcomeRepository,
  PredictionRepository,
  RateLimiter,
  RealtimeValues,
  SchemaController,
  SentimentRepository,
  SessionStore,
  StrategyPerformanceRepository,
  TimeSeriesBackend,
} from '@quantumtrade/dal-domain';
import type { BlockArchive, ReadBackupCondition } from '@quantumtrade/dal-domain/operations';
import type { ServiceIdentifier } from 'inversify';
import type { EmbeddedEngine } from './embedded-engine.js';
import type { BackendNames } from './stores.js';

const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`@quantumtrade/dal/${name}`);

/** The identifier of each part. A backend module binds the first group; `databaseModule` binds the rest. */
export const TOKENS = {
  TimeSeriesBackend: token<TimeSeriesBackend>('TimeSeriesBackend'),
  CacheBackend: token<CacheBackend>('CacheBackend'),
  BackendNames: token<BackendNames>('BackendNames'),
  /** Without it there are no batch writers. */
  Writing: token<WriterSetup>('Writing'),
  /** Undefined where none is configured. */
  BlockArchive: token<BlockArchive>('BlockArchive'),
  /** Undefined where no object store is configured. */
  BackupCondition: token<ReadBackupCondition>('BackupCondition'),
  EmbeddedClickHouse: token<EmbeddedEngine>('EmbeddedClickHouse'),

  Clock: token<TimeSource>('Clock'),
  AuditSink: token<AuditSink>('AuditSink'),
  /** Undefined where none is configured. */
  AuditTrail: token<AuditTrail>('AuditTrail'),
  Database: token<DatabaseAbstraction>('Database'),
  MarketDataRepository: token<MarketDataRepository>('MarketDataRepository'),
  SentimentRepository: token<SentimentRepository>('SentimentRepository'),
  FeatureRepository: token<FeatureRepository>('FeatureRepository'),
  PredictionRepository: token<PredictionRepository>('PredictionRepository'),
  OutcomeRepository: token<OutcomeRepository>('OutcomeRepository'),
  StrategyPerformanceRepository: token<StrategyPerformanceRepository>('StrategyPerformanceRepository'),
  Analytics: token<Analytics>('Analytics'),
  SchemaController: token<SchemaController>('SchemaController'),
  Cache: token<Cache>('Cache'),
  MarketStream: token<MarketStream>('MarketStream'),
  RateLimiter: token<RateLimiter>('RateLimiter'),
  RealtimeValues: token<RealtimeValues>('RealtimeValues'),
  SessionStore: token<SessionStore>('SessionStore'),
  AuthContextStore: token<AuthContextStore>('AuthContextStore'),
} as const;
