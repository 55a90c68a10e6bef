import { anyValue, AUDITED_WRITE, toFeatureBatches } from '@quantumtrade/dal-domain';
import { GuaranteeMonitor, memoryTransactionLogs, Transactions } from '@quantumtrade/dal-writer';
import { createServices, DatabasePorts } from './database-ports.js';
import { DatabaseWriters } from './database-writers.js';
import { checkHealth } from './health.js';
import { MetricsCollector } from './metrics/metrics-collector.js';
import { performanceMetrics } from './performance-metrics.js';
/**
 * One typed API over the time-series store and the cache. Its methods are the specification's; the ports behind them and those of
 * the other records are its properties. Values that are read through the cache are shared and frozen, dates included: changing
 * one throws.
 */
export class DatabaseAbstraction extends DatabasePorts {
    /** Values of all metrics since the data layer was opened, for exporters. Collecting them takes a second at most. */
    metrics;
    #services;
    #guarantees;
    #writers;
    #transactions;
    #observedTransactions;
    #isClosed = false;
    /** @throws ValidationError naming a part that is unknown */
    constructor(parts) {
        const services = createServices(parts);
        super(services);
        const { timeSeries, writing } = parts;
        const { clock, observation, readThrough } = (this.#services = services);
        this.#guarantees = new GuaranteeMonitor(timeSeries.guarantees, clock);
        this.#writers = new DatabaseWriters(writing, services.blocks, this.#guarantees);
        const transactions = new Transactions(writing?.storage.transactionLogs ?? memoryTransactionLogs(), {
            blocks: observation.blocks(timeSeries.blocks),
            cache: readThrough,
            deadLetters: writing?.storage.deadLetters,
            timeSource: clock,
            retry: writing?.retry,
        });
        this.#observedTransactions = observation.port('transactions', transactions, {
            run: AUDITED_WRITE,
        });
        this.#transactions = transactions;
        this.metrics = new MetricsCollector(services, this.#writers, transactions, () => this.health());
    }
    insertMarketData(batch, options) {
        return this.marketData.insert(batch, options);
    }
    /** Returns a page of bars, 10,000 at most unless the configuration or `limit` says otherwise. */
    getMarketData(params, options) {
        return this.marketData.find(params, options);
    }
    /** Returns the newest bars of a symbol, newest first. One bar (`limit` 1) is cached for up to 30 s, and frozen. */
    getLatestMarketData(symbol, limit, options) {
        return this.marketData.latest(symbol, limit, options);
    }
    insertFeatures(batches, options) {
        return this.features.insert(toFeatureBatches(batches), options);
    }
    getFeatures(params, options) {
        return this.features.find(params, options);
    }
    /** Returns the newest feature set of a symbol, cached for up to 5 minutes, and frozen. */
    getLatestFeatures(symbol, options) {
        return this.features.latest(symbol, options);
    }
    insertPredictions(batch, options) {
        return this.predictions.insert(batch, options);
    }
    /** Returns a prediction by id, cached for up to an hour, and frozen. */
    getPrediction(predictionId, options) {
        return this.predictions.findById(predictionId, options);
    }
    /** Returns the predictions with this horizon that have fallen due and have no outcome yet. */
    getPredictionsForEvaluation(horizonMinutes, options) {
        // A Date truncates the fractions of a clock to whole milliseconds.
        return this.predictions.dueForEvaluation(horizonMinutes, new Date(this.#services.clock.now()), options);
    }
    /**
     * Opens a writer for many small batches, `acknowledged` unless the options or the configuration say `journaled`. Only one
     * journaled writer at a time has the journal. The cache keys that a block affects are removed when the block is stored: before
     * its writes resolve or, where it is journaled, when it is delivered.
     *
     * A writer with a journal is refused when a table would lose rows or count them twice, or does not exist yet. A writer that
     * `requires` a guarantee is refused when a table does not keep it. During an outage of the store the writer opens, and the
     * guarantees are inspected before the first block is stored.
     * @throws ValidationError when the options are wrong, or naming each table with a missing guarantee, and the reason
     */
    batchWriter(options = {}) {
        return this.#writers.open(options);
    }
    /** Blocks that the store refused for good. */
    get deadLetters() {
        return this.#writers.deadLetters;
    }
    /** Writes dead letters again and removes those that the store accepts now; what it refuses again stays. */
    replayDeadLetters(ids, options) {
        return this.#writers.replay(ids, options);
    }
    /**
     * Writes to several records and cache keys, all of it or nothing. `work` begins before the call returns and stages the writes:
     * rows take their place among all writes when they are staged. Nothing is sent while it runs, and nothing is written when it
     * throws or a row is wrong. The commit makes all of it one entry of the transaction log. From then on it is applied, each block
     * once and in the order of the commits, through outages and, with a durable log, crashes. Resolves when it is applied. Its
     * deadline is two minutes from now unless the options have one.
     *
     * There is no isolation: while it is applied, readers see one table after the other, then the cache keys. `work` does not see
     * its own writes. A committed transaction cannot be undone.
     * @throws ValidationError for a wrong row, value or key, any error of `work`, the signal's reason, and `TimeoutError`: before
     *   the commit, when nothing was written
     * @throws TransactionError at the commit or after it; its `committed` says which
     */
    transaction(work, options) {
        return this.#observedTransactions.run(work, options);
    }
    /**
     * Stores any JSON value. Keys that begin with `session:` or `auth:` are refused here and by all of `cache`: they belong to
     * `sessions` and `authContexts`. Keys of other keyspaces can be written: their values are served for their time to live.
     */
    cacheSet(key, value, ttlSeconds, options) {
        return this.cache.set(key, value, ttlSeconds, options);
    }
    cacheGet(key, decoder = anyValue, options) {
        return this.cache.get(key, decoder, options);
    }
    cacheDelete(key, options) {
        return this.cache.delete(key, options);
    }
    cacheExists(key, options) {
        return this.cache.exists(key, options);
    }
    /** Returns OHLCV bars and summaries of any record, by interval and group. */
    getAggregatedData(params, options) {
        return this.analytics.aggregate(params, options);
    }
    getPerformanceMetrics() {
        return Promise.resolve(performanceMetrics(this.#services, this.#connectionCount()));
    }
    /** Returns count, failures and latencies of each operation since the data layer was opened, by name. */
    operationStatistics() {
        const { metrics, cacheMetrics } = this.#services;
        return { ...metrics.snapshot().operations, ...cacheMetrics.snapshot().operations };
    }
    /**
     * Deletes every value of the read-through cache, in all processes. Migrations through this data layer call it. Call it
     * after tables were restored or changed by other means. Values that exist only in the cache are kept.
     */
    clearReadThroughCache(options) {
        return this.#services.readThrough.clear(options);
    }
    initializeSchema(options) {
        return this.schema.initialize(options);
    }
    /**
     * Moves the schema to a version. Going down deletes data without asking: `schema.preview(version)` lists these
     * tables and columns, with their rows and bytes.
     */
    migrateSchema(version, options) {
        return this.schema.migrate(version, options);
    }
    validateSchema(options) {
        return this.schema.validate(options);
    }
    /** Returns the guarantees that the table of each record keeps now. */
    inspectGuarantees(options) {
        return this.#guarantees.inspect(options);
    }
    /** Returns whether the data layer is open, without a call: for liveness probes. Readiness is `ready` of {@link health}. */
    isLive() {
        return !this.#isClosed;
    }
    /**
     * Asks both backends; resolves within a second, whatever their state. The guarantees are inspected at the first call, and
     * again after a minute or an outage of the store, the conditions of its servers every ten seconds at most.
     */
    health() {
        return checkHealth(this.#services.parts, this.#guarantees, this.#services.conditions, () => ({
            isOpen: this.isLive(),
            cache: this.#services.readThrough.health(),
            connectionCount: this.#connectionCount(),
            lastSuccessAt: this.#services.metrics.lastSuccessAt,
            pausedDeliveries: this.#writers.pausedDeliveries(),
            transactions: this.#transactions.state,
        }));
    }
    /**
     * Closes the batch writers, waiting up to ten seconds, the transactions, waiting up to five, and the connections to both
     * backends. Later calls fail.
     * @throws RowsNotStoredError when a writer could not settle its rows; everything is closed then, too
     */
    async close() {
        this.#isClosed = true;
        const { timeSeries, cache } = this.#services.parts;
        const [writers, [transactions]] = await Promise.all([
            this.#writers.close(),
            Promise.allSettled([this.#transactions.close()]),
        ]);
        this.#services.readThrough.close();
        await Promise.all([timeSeries.probe.close(), cache.probe.close()]);
        for (const outcome of [...writers, transactions])
            if (outcome.status === 'rejected')
                throw outcome.reason;
    }
    #connectionCount() {
        const { timeSeries, cache } = this.#services.parts;
        return timeSeries.probe.connectionCount() + cache.probe.connectionCount();
    }
}
