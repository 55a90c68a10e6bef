import type { AggregatedData, AggregationParams, BatchResult, CallOptions, DatabaseMetrics, DeadLetterStore, Decoder, DueOptions, FeatureBatch, FeatureSet, FieldName, HealthStatus, InstantForm, MarketData, MarketDataBatch, Page, PageQuery, PredictionBatch, PredictionRecord, QueryResult, ReadOptions, RecordName, SelectedRow, SetQuery, SchemaReport, StoreReadOptions, TableGuarantees } from '@quantumtrade/dal-domain';
import type { MetricsSource, OperationStatistics } from '@quantumtrade/dal-telemetry';
import type { BatchWriter, BatchWriterOptions, ReplayResult, RequiredGuarantees, Transaction, TransactionResult } from '@quantumtrade/dal-writer';
import type { DatabaseParts } from './database-parts.js';
import { DatabasePorts } from './database-ports.js';
/**
 * One typed API over the time-series store and the cache. Its methods are the specification's; the ports behind them and those of
 * the other records are its properties. Values that are read through the cache are shared and frozen, dates included: changing
 * one throws.
 */
export declare class DatabaseAbstraction extends DatabasePorts {
    #private;
    /** Values of all metrics since the data layer was opened, for exporters. Collecting them takes a second at most. */
    readonly metrics: MetricsSource;
    /** @throws ValidationError naming a part that is unknown */
    constructor(parts: DatabaseParts);
    insertMarketData(batch: MarketDataBatch, options?: CallOptions): Promise<BatchResult>;
    /** Returns a page of bars, 10,000 at most unless the configuration or `limit` says otherwise. */
    getMarketData<E extends boolean = false, S extends FieldName<'marketData'> = FieldName<'marketData'>, I extends InstantForm = 'date'>(params?: PageQuery<'marketData', S, I>, options?: ReadOptions<E>): Promise<Page<SelectedRow<'marketData', S, E, I>>>;
    /** Returns the newest bars of a symbol, newest first. One bar (`limit` 1) is cached for up to 30 s, and frozen. */
    getLatestMarketData<E extends boolean = false>(symbol: string, limit: number, options?: ReadOptions<E>): Promise<QueryResult<MarketData<E>>>;
    insertFeatures(batches: FeatureBatch | readonly FeatureBatch[], options?: CallOptions): Promise<BatchResult>;
    getFeatures(params?: SetQuery, options?: StoreReadOptions): Promise<Page<FeatureSet>>;
    /** Returns the newest feature set of a symbol, cached for up to 5 minutes, and frozen. */
    getLatestFeatures(symbol: string, options?: StoreReadOptions): Promise<FeatureSet | null>;
    insertPredictions(batch: PredictionBatch, options?: CallOptions): Promise<BatchResult>;
    /** Returns a prediction by id, cached for up to an hour, and frozen. */
    getPrediction<E extends boolean = false>(predictionId: string, options?: ReadOptions<E>): Promise<PredictionRecord<E> | null>;
    /** Returns the predictions with this horizon that have fallen due and have no outcome yet. */
    getPredictionsForEvaluation<E extends boolean = false>(horizonMinutes: number, options?: DueOptions<E>): Promise<QueryResult<PredictionRecord<E>>>;
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
    batchWriter(options?: BatchWriterOptions & RequiredGuarantees): Promise<BatchWriter>;
    /** Blocks that the store refused for good. */
    get deadLetters(): DeadLetterStore;
    /** Writes dead letters again and removes those that the store accepts now; what it refuses again stays. */
    replayDeadLetters(ids: readonly string[], options?: CallOptions): Promise<ReplayResult[]>;
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
    transaction(work: (tx: Transaction) => unknown, options?: CallOptions): Promise<TransactionResult>;
    /**
     * Stores any JSON value. Keys that begin with `session:` or `auth:` are refused here and by all of `cache`: they belong to
     * `sessions` and `authContexts`. Keys of other keyspaces can be written: their values are served for their time to live.
     */
    cacheSet(key: string, value: unknown, ttlSeconds: number, options?: CallOptions): Promise<void>;
    /** Returns the cached value or null, checked by the decoder (e.g. a zod schema) if one is given. */
    cacheGet(key: string): Promise<unknown>;
    cacheGet<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<T | null>;
    cacheDelete(key: string, options?: CallOptions): Promise<boolean>;
    cacheExists(key: string, options?: CallOptions): Promise<boolean>;
    /** Returns OHLCV bars and summaries of any record, by interval and group. */
    getAggregatedData<E extends boolean = false, N extends RecordName = 'marketData'>(params: AggregationParams<N>, options?: ReadOptions<E>): Promise<QueryResult<AggregatedData<E>>>;
    getPerformanceMetrics(): Promise<DatabaseMetrics>;
    /** Returns count, failures and latencies of each operation since the data layer was opened, by name. */
    operationStatistics(): Readonly<Record<string, OperationStatistics>>;
    /**
     * Deletes every value of the read-through cache, in all processes. Migrations through this data layer call it. Call it
     * after tables were restored or changed by other means. Values that exist only in the cache are kept.
     */
    clearReadThroughCache(options?: CallOptions): Promise<void>;
    initializeSchema(options?: CallOptions): Promise<void>;
    /**
     * Moves the schema to a version. Going down deletes data without asking: `schema.preview(version)` lists these
     * tables and columns, with their rows and bytes.
     */
    migrateSchema(version: number, options?: CallOptions): Promise<void>;
    validateSchema(options?: CallOptions): Promise<SchemaReport>;
    /** Returns the guarantees that the table of each record keeps now. */
    inspectGuarantees(options?: CallOptions): Promise<readonly TableGuarantees[]>;
    /** Returns whether the data layer is open, without a call: for liveness probes. Readiness is `ready` of {@link health}. */
    isLive(): boolean;
    /**
     * Asks both backends; resolves within a second, whatever their state. The guarantees are inspected at the first call, and
     * again after a minute or an outage of the store, the conditions of its servers every ten seconds at most.
     */
    health(): Promise<HealthStatus>;
    /**
     * Closes the batch writers, waiting up to ten seconds, the transactions, waiting up to five, and the connections to both
     * backends. Later calls fail.
     * @throws RowsNotStoredError when a writer could not settle its rows; everything is closed then, too
     */
    close(): Promise<void>;
}
