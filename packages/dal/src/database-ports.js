import { coherentBlocks, ReadThroughCache } from '@quantumtrade/dal-cache';
import { authContextStore, OPERATIONS, realtimeValues, recordNames, sessionStore, systemClock, } from '@quantumtrade/dal-domain';
import { OperationMetrics } from '@quantumtrade/dal-telemetry';
import { noteLookup } from './cache-lookups.js';
import { cachedBackups } from './caching/cached-backups.js';
import { cachedFeatures } from './caching/features.js';
import { cachedMarketData } from './caching/market-data.js';
import { cachedPredictions } from './caching/predictions.js';
import { cachedSchema } from './caching/cached-schema.js';
import { generalCache } from './caching/general-cache.js';
import { keyspaceOptions } from './caching/keyspace-options.js';
import { countedRateLimiter } from './counted-rate-limiter.js';
import { requireDatabaseParts } from './database-parts.js';
import { Observation } from './observation.js';
import { RecentAnswer } from './recent-answer.js';
/** @throws ValidationError naming a part that is unknown */
export function createServices(parts) {
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
function conditionsOf(probe, clock) {
    if (!probe.conditions)
        return undefined;
    const isComplete = (servers) => servers.every(({ error }) => error === undefined);
    return new RecentAnswer((options) => probe.conditions(options), CONDITIONS_ARE_KEPT_MS, clock, isComplete);
}
/** Records of which some reads go through the cache. */
const cachedRecords = {
    marketData: cachedMarketData,
    features: cachedFeatures,
    predictions: cachedPredictions,
};
/** Class with the repository of each record as a property. */
const RecordPorts = class {
    constructor(repositories) {
        Object.assign(this, repositories);
    }
};
/**
 * The ports of a data layer. Every call is timed, announced and, where it changes data, audited. Reads of latest values and of
 * predictions go through the cache, and every write keeps the cache coherent.
 */
export class DatabasePorts extends RecordPorts {
    analytics;
    backups;
    checkpoints;
    queryPlans;
    schema;
    storage;
    cache;
    marketStream;
    rateLimiter;
    realtime;
    sessions;
    authContexts;
    constructor(services) {
        const { parts, clock, observation, cacheObservation, readThrough } = services;
        const { timeSeries, cache } = parts;
        const observed = (name, port, cached) => observation.port(name, port, OPERATIONS[name], cached);
        const observedRecord = (name) => {
            const repository = timeSeries[name];
            const operations = OPERATIONS[name];
            return observation.port(name, repository, operations, cachedRecords[name]?.(repository, readThrough));
        };
        super(Object.fromEntries(recordNames.map((name) => [name, observedRecord(name)])));
        this.analytics = observed('analytics', timeSeries.analytics);
        this.backups = observed('backups', timeSeries.backups, cachedBackups(timeSeries.backups, readThrough));
        this.checkpoints = observed('checkpoints', timeSeries.checkpoints);
        this.queryPlans = observed('queryPlans', timeSeries.queryPlans);
        this.schema = observed('schema', timeSeries.schema, cachedSchema(timeSeries.schema, readThrough));
        this.storage = observed('storage', timeSeries.storage);
        const observedCache = (name, port) => cacheObservation.port(name, port, OPERATIONS[name]);
        const open = (keyspace) => readThrough.cacheOnly(keyspace);
        this.cache = observedCache('cache', generalCache(readThrough.cache));
        this.marketStream = observedCache('marketStream', cache.marketStream);
        this.rateLimiter = observedCache('rateLimiter', countedRateLimiter(cache.rateLimiter, services.decisionsWithoutStore));
        this.realtime = observedCache('realtime', realtimeValues(open));
        this.sessions = observedCache('sessions', sessionStore(open, clock));
        this.authContexts = observedCache('authContexts', authContextStore(open));
    }
}
