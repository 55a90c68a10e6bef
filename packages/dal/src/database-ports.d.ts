import { ReadThroughCache } from '@quantumtrade/dal-cache';
import type { Analytics, AuthContextStore, BlockWriter, Cache, CheckpointRepository, MarketStream, ObservedPorts, QueryPlans, RateLimiter, RecordRepositories, RealtimeValues, SchemaController, ServerCondition, SessionStore, TimeSource } from '@quantumtrade/dal-domain';
import type { BackupBackend, StorageController } from '@quantumtrade/dal-domain/operations';
import { OperationMetrics } from '@quantumtrade/dal-telemetry';
import { type DecisionsWithoutStore } from './counted-rate-limiter.js';
import type { DatabaseParts } from './database-parts.js';
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
export declare function createServices(parts: DatabaseParts): DatabaseServices;
/** Class with the repository of each record as a property. */
declare const RecordPorts: new (repositories: RecordRepositories) => RecordRepositories;
/**
 * The ports of a data layer. Every call is timed, announced and, where it changes data, audited. Reads of latest values and of
 * predictions go through the cache, and every write keeps the cache coherent.
 */
export declare abstract class DatabasePorts extends RecordPorts implements ObservedPorts {
    readonly analytics: Analytics;
    readonly backups: BackupBackend;
    readonly checkpoints: CheckpointRepository;
    readonly queryPlans: QueryPlans;
    readonly schema: SchemaController;
    readonly storage: StorageController;
    readonly cache: Cache;
    readonly marketStream: MarketStream;
    readonly rateLimiter: RateLimiter;
    readonly realtime: RealtimeValues;
    readonly sessions: SessionStore;
    readonly authContexts: AuthContextStore;
    constructor(services: DatabaseServices);
}
export {};
