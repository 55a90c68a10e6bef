import type { DatabaseAbstraction, Writing } from '@quantumtrade/dal';
import type { AuditTrail, AuditTrailEvent } from '@quantumtrade/dal-audit-trail';
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
import type { ServiceIdentifier } from 'inversify';
import type { EmbeddedEngine } from './embedded-engine.js';

/** What a data layer is made of, in words for people. */
export interface BackendNames {
  /** E.g. `ClickHouse at http://127.0.0.1:8123`. */
  timeSeries: string;
  /** E.g. `Redis at redis://127.0.0.1:6379` or `memory`. */
  cache: string;
}

const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`@quantumtrade/dal/${name}`);

/** Under which identifier each part is bound. A backend module binds the first group; `databaseModule` binds the rest. */
export const TOKENS = {
  TimeSeriesBackend: token<TimeSeriesBackend>('TimeSeriesBackend'),
  CacheBackend: token<CacheBackend>('CacheBackend'),
  BackendNames: token<BackendNames>('BackendNames'),
  /** Without it there are no batch writers. */
  Writing: token<Writing>('Writing'),
  EmbeddedClickHouse: token<EmbeddedEngine>('EmbeddedClickHouse'),

  /** Bound where one is configured, like the actor that its entries name. */
  AuditTrail: token<AuditTrail>('AuditTrail'),
  AuditActor: token<string>('AuditActor'),

  Clock: token<TimeSource>('Clock'),
  AuditSink: token<AuditSink>('AuditSink'),
  AuditTrailListener: token<(event: AuditTrailEvent) => void>('AuditTrailListener'),
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
