import { Deadline } from '@quantumtrade/dal-runtime';
import { Measurements } from '@quantumtrade/dal-telemetry';
import { RecentAnswer } from '../recent-answer.js';
import { measureBackups, UNREADABLE_BACKUPS } from './backups.js';
import { measureBreakers, measureCache, measureRateLimiter } from './cache.js';
import { measureOperations } from './operations.js';
import { measureConditions, measureConnections, measureIngest, measureStorage } from './servers.js';
/** Time within which servers and disks answer; what comes later is missing in the metrics. */
const TIMEOUT_MS = 900;
/** Several exporters collect at about the same time. */
const HEALTH_IS_KEPT_MS = 5_000;
const STORAGE_IS_KEPT_MS = 60_000;
const DEAD_LETTERS_ARE_KEPT_MS = 15_000;
const BACKUPS_ARE_KEPT_MS = 60_000;
/** Reading many manifests from a far store takes longer than a scrape, which does not wait for it. */
const BACKUPS_TIMEOUT_MS = 30_000;
/** Collects the metrics of a data layer. Counting costs its calls next to nothing: all else happens here, when metrics are asked for. */
export class MetricsCollector {
    startedAt;
    #services;
    #writers;
    #transactions;
    #health;
    #storage;
    #deadLetters;
    #backups;
    constructor(services, writers, transactions, health) {
        const { clock } = services;
        const { storage } = services.parts.timeSeries;
        this.startedAt = clock.now();
        this.#services = services;
        this.#writers = writers;
        this.#transactions = transactions;
        this.#health = new RecentAnswer(health, HEALTH_IS_KEPT_MS, clock);
        const isComplete = (servers) => servers.every(({ error }) => error === undefined);
        this.#storage = new RecentAnswer((options) => storage.usage(options), STORAGE_IS_KEPT_MS, clock, isComplete);
        const count = () => new Deadline({ timeoutMs: TIMEOUT_MS }).race(writers.countDeadLetters());
        this.#deadLetters = new RecentAnswer(count, DEAD_LETTERS_ARE_KEPT_MS, clock);
        const { backupCondition } = services.parts;
        const readBackups = () => backupCondition({ deadline: Date.now() + BACKUPS_TIMEOUT_MS }).catch(() => UNREADABLE_BACKUPS);
        this.#backups = backupCondition && new RecentAnswer(readBackups, BACKUPS_ARE_KEPT_MS, clock);
    }
    async collect() {
        const options = { deadline: Date.now() + TIMEOUT_MS };
        const [health, storage, deadLetters, backups] = await Promise.all([
            this.#health.get(options),
            this.#storage.get(options),
            this.#deadLetters.get(options),
            this.#backups && new Deadline(options).race(this.#backups.get(options)).catch(() => undefined),
        ]);
        const into = new Measurements();
        if (health)
            this.#addHealth(into, health);
        if (storage)
            measureStorage(into, storage);
        if (deadLetters !== undefined)
            into.add('quantumtrade.dal.dead_letters', deadLetters, {});
        if (backups)
            measureBackups(into, backups, this.#services.clock.now());
        this.#addCounts(into);
        this.#addBacklog(into);
        return into.families();
    }
    #addHealth(into, health) {
        const { timeSeries, cache } = this.#services.parts;
        const { clickhouseHealthy, redisHealthy, ready, degradedBy, pendingMigrations, servers = [] } = health;
        const backends = [
            ['store', timeSeries.probe.system, clickhouseHealthy],
            ['cache', cache.probe.system, redisHealthy],
        ];
        for (const [backend, system, isUp] of backends) {
            const attributes = { 'quantumtrade.dal.backend': backend, 'db.system.name': system };
            into.add('quantumtrade.dal.backend.up', Number(isUp), attributes);
        }
        into.add('quantumtrade.dal.ready', Number(ready), {});
        into.add('quantumtrade.dal.degradations', degradedBy.length, {});
        into.add('quantumtrade.dal.schema.pending_migrations', pendingMigrations, {});
        measureConditions(into, servers);
    }
    /** Adds what this process has counted. */
    #addCounts(into) {
        const { metrics, cacheMetrics, readThrough, parts, decisionsWithoutStore } = this.#services;
        const { timeSeries, cache } = parts;
        measureOperations(into, timeSeries.probe.system, metrics);
        measureOperations(into, cache.probe.system, cacheMetrics);
        for (const { probe } of [timeSeries, cache]) {
            measureConnections(into, probe);
            measureBreakers(into, probe.breakers?.() ?? []);
        }
        const cacheHealth = readThrough.health();
        measureCache(into, readThrough.stats(), cacheHealth);
        measureBreakers(into, [
            { name: 'cache.reads', state: cacheHealth.reads },
            { name: 'cache.writes', state: cacheHealth.writes },
        ]);
        measureRateLimiter(into, decisionsWithoutStore);
        measureIngest(into, timeSeries.ingested?.() ?? []);
    }
    /** Adds the work that is accepted and not done yet. */
    #addBacklog(into) {
        const { pendingBytes, journaledBlocks, oldestJournaledAt, pausedDeliveries } = this.#writers.backlog();
        const ageSeconds = (this.#services.clock.now() - oldestJournaledAt) / 1_000;
        into.add('quantumtrade.dal.writer.pending', pendingBytes, {});
        into.add('quantumtrade.dal.journal.depth', journaledBlocks, {});
        into.add('quantumtrade.dal.journal.age', Math.max(0, ageSeconds), {});
        into.add('quantumtrade.dal.journal.paused', pausedDeliveries, {});
        into.add('quantumtrade.dal.transactions.pending', this.#transactions.state.pending, {});
        const archive = this.#services.parts.archive?.state();
        if (!archive)
            return;
        const archiveAgeMs = this.#services.clock.now() - (archive.oldestUnshippedAt ?? Infinity);
        into.add('quantumtrade.dal.archive.depth', archive.unshippedBlocks, {});
        into.add('quantumtrade.dal.archive.age', Math.max(0, archiveAgeMs / 1_000), {});
    }
}
