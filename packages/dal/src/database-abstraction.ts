import type {
  AggregatedData,
  AggregationParams,
  Analytics,
  AuditSink,
  AuthContextStore,
  BatchResult,
  BlockWriter,
  Cache,
  CacheBackend,
  CallOptions,
  CheckpointRepository,
  TimeSource,
  DatabaseMetrics,
  DeadLetterStore,
  Decoder,
  DueOptions,
  FeatureBatch,
  FeatureRepository,
  FeatureSet,
  HealthStatus,
  MarketData,
  MarketDataBatch,
  MarketDataRepository,
  MarketStream,
  OpenKeyspace,
  OutcomeRepository,
  PausedDelivery,
  PredictionBatch,
  PredictionRecord,
  PredictionRepository,
  QueryParams,
  QueryResult,
  RateLimiter,
  ReadOptions,
  RealtimeValues,
  SchemaController,
  SchemaReport,
  SentimentRepository,
  SessionStore,
  StrategyPerformanceRepository,
  TableGuarantees,
  TimeSeriesBackend,
} from '@quantumtrade/dal-domain';
import {
  authContextStore,
  ConnectionError,
  requireObject,
  requireKnownKeys,
  keysOf,
  LOSSLESS,
  realtimeValues,
  sessionStore,
  systemClock,
  toFeatureBatches,
} from '@quantumtrade/dal-domain';
import type { OperationStatistics } from '@quantumtrade/dal-telemetry';
import { OperationMetrics } from '@quantumtrade/dal-telemetry';

import { coherentBlocks } from './caching/coherent-blocks.js';
import { cachedSchema } from './caching/cached-schema.js';
import { cachedFeatures } from './caching/features.js';
import { cachedMarketData } from './caching/market-data.js';
import { cachedPredictions } from './caching/predictions.js';
import { generalCache } from './caching/general-cache.js';
import { ReadThrough } from './caching/read-through.js';
import type {
  BatchWriter,
  BatchWriterOptions,
  ReplayResult,
  RequiredGuarantees,
  Transaction,
  TransactionResult,
  WriteProgress,
  Writing,
} from '@quantumtrade/dal-writer';
import {
  Guarantees,
  messageOf,
  openBatchWriter,
  replayDeadLetters,
  requireGuarantees,
  requireWriterOptions,
  Transactions,
  volatileTransactionLogs,
} from '@quantumtrade/dal-writer';
import { observed, observedBlocks, observedLookups } from './operations.js';

/** What a data layer is made of. */
export interface DatabaseParts {
  timeSeries: TimeSeriesBackend;
  cache: CacheBackend;
  /** Default is the system's clock. Cached values end by it: a backend in memory must have the same. */
  clock?: TimeSource;
  /** Where batch writers and transactions keep what is not in the store. Without it there are no batch writers. */
  writing?: Writing;
  /** Where modifications of data are recorded. Default is nowhere. */
  audit?: AuditSink;
  /** Who audit entries name. Default is `unknown`. */
  actor?: string;
}

const PARTS = keysOf<DatabaseParts>({
  timeSeries: true,
  cache: true,
  clock: true,
  writing: true,
  audit: true,
  actor: true,
});
const OPEN = 'database.open';

const HEALTH_TIMEOUT_MS = 2_000;
const WRITERS_CLOSE_WITHIN_MS = 10_000;
const anything: Decoder<unknown> = { parse: (value) => value };
const pausedDelivery = ({ journaledBlocks, deliveryPausedBy }: WriteProgress): PausedDelivery[] =>
  deliveryPausedBy === null ? [] : [{ journaledBlocks, reason: deliveryPausedBy }];
const withoutUndefined = (given: object = {}): object =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
const nowhere: AuditSink = { record: () => Promise.resolve() };

/**
 * One typed API over the time-series store and the cache. The methods are the specification's; the ports behind them,
 * and those of the other records, stand beside them as properties. Every call is timed, announced and, where it
 * changes data, audited, whichever way it is made. Values that are read through the cache are shared and frozen, dates
 * included: changing one throws.
 */
export class DatabaseAbstraction {
  readonly marketData: MarketDataRepository;
  readonly sentiment: SentimentRepository;
  readonly features: FeatureRepository;
  readonly predictions: PredictionRepository;
  readonly outcomes: OutcomeRepository;
  readonly strategyPerformance: StrategyPerformanceRepository;
  readonly analytics: Analytics;
  readonly checkpoints: CheckpointRepository;
  readonly schema: SchemaController;
  readonly cache: Cache;
  readonly marketStream: MarketStream;
  readonly rateLimiter: RateLimiter;
  readonly realtime: RealtimeValues;
  readonly sessions: SessionStore;
  readonly authContexts: AuthContextStore;
  readonly #blocks: BlockWriter;
  readonly #through: ReadThrough;
  readonly #writers = new Set<BatchWriter>();
  readonly #transactions: Transactions;
  readonly #transact: Pick<Transactions, 'run'>;
  readonly #guarantees: Guarantees;
  readonly #parts: DatabaseParts;
  readonly #clock: TimeSource;
  readonly #metrics = new OperationMetrics();
  readonly #cacheMetrics = new OperationMetrics();

  /** @throws ValidationError naming a part that is unknown */
  constructor(parts: DatabaseParts) {
    requireKnownKeys(requireObject('parts', parts, OPEN), PARTS, OPEN);
    const { timeSeries, cache: cacheBackend, clock = systemClock } = parts;
    const auditing = { sink: parts.audit ?? nowhere, actor: parts.actor ?? 'unknown', clock };
    const watch = <Port extends object>(name: string, port: Port): Port =>
      observed(name, port, this.#metrics, auditing);
    const watchCache = <Port extends object>(name: string, port: Port): Port =>
      observed(name, port, this.#cacheMetrics, auditing);
    const through = new ReadThrough(cacheBackend, observedLookups(this.#metrics), clock);
    const { cache } = through;
    this.#through = through;
    this.#parts = parts;
    this.#clock = clock;
    this.#guarantees = new Guarantees(timeSeries.guarantees, clock);
    this.marketData = watch('marketData', cachedMarketData(timeSeries.marketData, through));
    this.sentiment = watch('sentiment', timeSeries.sentiment);
    this.features = watch('features', cachedFeatures(timeSeries.features, through));
    this.predictions = watch('predictions', cachedPredictions(timeSeries.predictions, through));
    this.outcomes = watch('outcomes', timeSeries.outcomes);
    this.strategyPerformance = watch('strategyPerformance', timeSeries.strategyPerformance);
    this.analytics = watch('analytics', timeSeries.analytics);
    this.checkpoints = watch('checkpoints', timeSeries.checkpoints);
    this.schema = watch('schema', cachedSchema(timeSeries.schema, through));
    const watchBlocks = (blocks: BlockWriter) => observedBlocks(blocks, this.#metrics, auditing);
    this.#blocks = watchBlocks(coherentBlocks(timeSeries.blocks, through));
    this.cache = watchCache('cache', generalCache(cache));
    const { storage, retry } = parts.writing ?? {};
    this.#transactions = new Transactions(storage?.transactionLogs ?? volatileTransactionLogs(), {
      blocks: watchBlocks(timeSeries.blocks),
      through,
      deadLetters: storage?.deadLetters,
      clock,
      retry,
    });
    this.#transact = watch('transactions', this.#transactions);
    this.marketStream = watchCache('marketStream', cacheBackend.marketStream);
    this.rateLimiter = watchCache('rateLimiter', cacheBackend.rateLimiter);
    const open: OpenKeyspace = (keyspace) => through.cacheOnly(keyspace);
    this.realtime = watchCache('realtime', realtimeValues(open));
    this.sessions = watchCache('sessions', sessionStore(open, clock));
    this.authContexts = watchCache('authContexts', authContextStore(open));
  }

  insertMarketData(batch: MarketDataBatch, options?: CallOptions): Promise<BatchResult> {
    return this.marketData.insert(batch, options);
  }

  getMarketData<E extends boolean = false>(
    params: QueryParams,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<MarketData<E>>> {
    return this.marketData.find(params, options);
  }

  /** The newest bars of a symbol, newest first. One bar (`limit` 1) comes from the cache for up to 30 s, and is frozen. */
  getLatestMarketData<E extends boolean = false>(
    symbol: string,
    limit: number,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<MarketData<E>>> {
    return this.marketData.latest(symbol, limit, options);
  }

  insertFeatures(
    batches: FeatureBatch | readonly FeatureBatch[],
    options?: CallOptions,
  ): Promise<BatchResult> {
    return this.features.insert(toFeatureBatches(batches), options);
  }

  getFeatures(params: QueryParams, options?: CallOptions): Promise<QueryResult<FeatureSet>> {
    return this.features.find(params, options);
  }

  /** The newest feature set of a symbol, frozen, from the cache for up to 5 minutes. */
  getLatestFeatures(symbol: string, options?: CallOptions): Promise<FeatureSet | null> {
    return this.features.latest(symbol, options);
  }

  insertPredictions(batch: PredictionBatch, options?: CallOptions): Promise<BatchResult> {
    return this.predictions.insert(batch, options);
  }

  /** A prediction by id, frozen, from the cache for up to an hour. */
  getPrediction<E extends boolean = false>(
    predictionId: string,
    options?: ReadOptions<E>,
  ): Promise<PredictionRecord<E> | null> {
    return this.predictions.findById(predictionId, options);
  }

  /** Predictions with this horizon that have run out by now and have no outcome yet. */
  getPredictionsForEvaluation<E extends boolean = false>(
    horizonMinutes: number,
    options?: DueOptions<E>,
  ): Promise<QueryResult<PredictionRecord<E>>> {
    // A Date has whole milliseconds, whatever the clock has.
    return this.predictions.dueForEvaluation(horizonMinutes, new Date(this.#clock.now()), options);
  }

  /**
   * Opens a writer for many small batches, `acknowledged` unless the options or the configuration say `journaled`. Only
   * one journaled writer at a time has the journal. The read-through cache forgets what a block touches when the block is
   * stored: before its writes resolve or, where it is journaled, when it is delivered.
   *
   * A writer with a journal is refused where a table would lose rows or count them twice, or does not exist yet; so is any
   * writer that `requires` what a table does not keep. While the store cannot be asked, the writer opens, and asks before
   * the first block is stored.
   * @throws ValidationError when the options are wrong, or naming each table that does not keep what is required, and why
   */
  async batchWriter(given: BatchWriterOptions & RequiredGuarantees = {}): Promise<BatchWriter> {
    requireWriterOptions(given, ['requires']);
    requireGuarantees(given.requires);
    const { requires, ...options } = given;
    const { storage, ...configured } = this.#writing();
    const durability = options.durability ?? configured.durability ?? 'acknowledged';
    const maxRows = options.maxRows ?? configured.maxRows;
    const retry = { ...configured.retry, ...withoutUndefined(options.retry) };
    const journal = await storage.openJournal(durability);
    try {
      const blocks = await this.#guarantees.guard(this.#blocks, requires ?? (journal ? LOSSLESS : []));
      const onClosed = () => void this.#writers.delete(writer);
      const parts = { blocks, deadLetters: storage.deadLetters, journal, onClosed };
      const writer = openBatchWriter(parts, { ...options, durability, maxRows, retry });
      this.#writers.add(writer);
      return writer;
    } catch (error) {
      await journal?.close();
      throw error;
    }
  }

  /** What the store refused for good. */
  get deadLetters(): DeadLetterStore {
    return this.#writing().storage.deadLetters;
  }

  /** Writes dead letters again and removes those that the store takes now; what it refuses again stays. */
  replayDeadLetters(ids: readonly string[], options?: CallOptions): Promise<ReplayResult[]> {
    const { storage, retry } = this.#writing();
    return replayDeadLetters(storage.deadLetters, this.#blocks, ids, options, retry);
  }

  /**
   * Writes to several records and cache keys, all of it or nothing. `work` begins before the call returns and stages what is
   * to happen: rows get their place among all writes when they are staged. Nothing is sent while it runs, and nothing
   * happens when it throws or a row is wrong. Then all of it becomes one entry of the transaction log: from there on it is
   * applied, each block once and in the order of the commits, through outages and, with a durable log, crashes. Resolves
   * when it is applied. Default deadline is two minutes from now.
   *
   * There is no isolation: while it is applied, readers see one table after the other, then the cache keys. `work` does
   * not see its own writes. What is committed cannot be undone.
   * @throws ValidationError for a wrong row, value or key; what `work` throws; the signal's reason and `TimeoutError`
   *   before the commit: then nothing happened
   * @throws TransactionError at the commit or after it; its `committed` says which
   */
  transaction(work: (tx: Transaction) => unknown, options?: CallOptions): Promise<TransactionResult> {
    return this.#transact.run(work, options);
  }

  /**
   * Stores any JSON value. Keys that begin with `session:` or `auth:` are refused here and by all of `cache`: they belong to
   * `sessions` and `authContexts`. Keys of other keyspaces can be written: what is stored there is served for its time to live.
   */
  cacheSet(key: string, value: unknown, ttlSeconds: number, options?: CallOptions): Promise<void> {
    return this.cache.set(key, value, ttlSeconds, options);
  }

  /** The cached value, checked by the decoder (a zod schema, say) if one is given, or null. */
  cacheGet(key: string): Promise<unknown>;
  cacheGet<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<T | null>;
  cacheGet(key: string, decoder: Decoder<unknown> = anything, options?: CallOptions): Promise<unknown> {
    return this.cache.get(key, decoder, options);
  }

  cacheDelete(key: string, options?: CallOptions): Promise<boolean> {
    return this.cache.delete(key, options);
  }

  cacheExists(key: string, options?: CallOptions): Promise<boolean> {
    return this.cache.exists(key, options);
  }

  /** OHLCV bars and summaries of any record, by interval and group. */
  getAggregatedData<E extends boolean = false>(
    params: AggregationParams,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<AggregatedData<E>>> {
    return this.analytics.aggregate(params, options);
  }

  getPerformanceMetrics(): Promise<DatabaseMetrics> {
    const { p50, p95, p99, cacheHitRate, errorRate } = this.#metrics.snapshot();
    const { l1Hits, l2Hits } = this.#through.stats();
    return Promise.resolve({
      queryLatencyP50: p50,
      queryLatencyP95: p95,
      queryLatencyP99: p99,
      connectionCount: this.#connectionCount(),
      cacheHitRate,
      cacheL1Hits: l1Hits,
      cacheL2Hits: l2Hits,
      errorRate,
    });
  }

  /** Count, failures and latencies of each operation since the data layer was opened, by name. */
  operationStatistics(): Readonly<Record<string, OperationStatistics>> {
    return { ...this.#metrics.snapshot().operations, ...this.#cacheMetrics.snapshot().operations };
  }

  /**
   * Deletes every value of the read-through cache, in all processes. Migrations through this data layer do so by themselves; it is
   * for tables that were restored or changed by other means. Values that are in the cache alone stay.
   */
  clearReadThroughCache(options?: CallOptions): Promise<void> {
    return this.#through.clear(options);
  }

  initializeSchema(options?: CallOptions): Promise<void> {
    return this.schema.initialize(options);
  }

  /**
   * Moves the schema to a version. Going down deletes data without asking: `schema.preview(version)` tells which tables and
   * columns, with their rows and bytes.
   */
  migrateSchema(version: number, options?: CallOptions): Promise<void> {
    return this.schema.migrate(version, options);
  }

  validateSchema(options?: CallOptions): Promise<SchemaReport> {
    return this.schema.validate(options);
  }

  /** What each record's table keeps of what was written to it, as it is now. */
  inspectGuarantees(options?: CallOptions): Promise<readonly TableGuarantees[]> {
    return this.#guarantees.inspect(options);
  }

  /**
   * Asks both backends; answers within two seconds, whatever their state. The guarantees are inspected at the first call,
   * and again when a minute has passed or the store was away.
   */
  async health(): Promise<HealthStatus> {
    const { timeSeries, cache } = this.#parts;
    const transactions = this.#transactions.state;
    const paused = [...this.#writers].flatMap((writer) => pausedDelivery(writer.progress()));
    const options = { deadline: Date.now() + HEALTH_TIMEOUT_MS };
    const failure = (ping: Promise<unknown>) => ping.then(() => undefined, messageOf);
    const [clickhouseError, redisError, schemaVersion, guarantees] = await Promise.all([
      failure(timeSeries.probe.ping(options)),
      failure(cache.probe.ping(options)),
      timeSeries.schema.version(options).catch(() => 0),
      this.#guarantees.recent(options).catch(() => null),
    ]);
    if (clickhouseError !== undefined) this.#guarantees.forget();
    return {
      clickhouseHealthy: clickhouseError === undefined,
      redisHealthy: redisError === undefined,
      cache: this.#through.state(),
      ...(clickhouseError !== undefined && { clickhouseError }),
      ...(redisError !== undefined && { redisError }),
      schemaVersion,
      connectionCount: this.#connectionCount(),
      lastSuccessfulQuery: this.#metrics.snapshot().lastSuccessAt ?? null,
      guarantees: clickhouseError === undefined ? guarantees : null,
      ...(paused.length > 0 && { pausedDeliveries: paused }),
      ...((transactions.pending > 0 || transactions.delayedBy) && { transactions }),
    };
  }

  /**
   * Closes the batch writers, for which it waits up to ten seconds, the transactions, for which it waits up to five, and
   * the connections to both backends. Calls after it fail.
   * @throws RowsNotStoredError when a writer could not settle its rows; all is closed then, too
   */
  async close(): Promise<void> {
    const deadline = Date.now() + WRITERS_CLOSE_WITHIN_MS;
    const closed = await Promise.allSettled([
      ...[...this.#writers].map((writer) => writer.close({ deadline })),
      this.#transactions.close(),
    ]);
    this.#through.close();
    await Promise.all([this.#parts.timeSeries.probe.close(), this.#parts.cache.probe.close()]);
    for (const outcome of closed) if (outcome.status === 'rejected') throw outcome.reason;
  }

  #writing(): Writing {
    if (this.#parts.writing) return this.#parts.writing;
    const details = { operation: 'batchWriter.open', retryable: false };
    throw new ConnectionError('this data layer has no storage for batch writers', details);
  }

  #connectionCount(): number {
    return this.#parts.timeSeries.probe.connectionCount() + this.#parts.cache.probe.connectionCount();
  }
}
