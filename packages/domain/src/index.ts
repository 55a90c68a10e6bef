export * from './errors.js';
export type * from './results.js';
export {
  isMapOfOwn,
  keysOf,
  requireClock,
  requireKnownKeys,
  requireObject,
  requireOneOf,
  requireType,
  requireWholeNumber,
} from './arguments.js';
export {
  fieldFromJson,
  requireField,
  toCanonicalField,
  toOutputField,
  type Field,
  type FieldKind,
  type ValuesOf,
} from './records/field.js';
export { toTextDictionary, type TextDictionary } from './records/kinds/text-dictionary.js';
export { Invalid, type Canonical, type Rounding } from './records/kinds/kind.js';
export {
  MAX_INSTANT,
  MIN_INSTANT,
  SECONDS,
  type FloatField,
  type InstantForm,
} from './records/kinds/number.js';
export {
  DECIMAL_LIMIT,
  DECIMAL_SCALE,
  SMALLEST_DECIMAL,
  TOO_LARGE,
  formatDecimal,
  type DecimalField,
  type DecimalPrecision,
} from './records/kinds/decimal.js';
export type {
  BatchOf,
  EvaluateDefinition,
  InputOf,
  RecordDefinition,
  RecordOf,
  RowBatchDefinition,
  RowInputOf,
  SetBatchDefinition,
  Versioning,
  WrittenAt,
} from './records/definition.js';
export {
  columnOf,
  compareCanonical,
  toCanonicalRow,
  toOutputRow,
  unreadableValue,
  type Row,
  type RowError,
} from './records/row.js';
export { readEnvelope, type BatchEnvelope, type RowKeys } from './records/batch-envelope.js';
export { withExactness, type JsonMember } from './records/json.js';
export {
  marketData,
  type MarketData,
  type MarketDataBatch,
  type MarketDataInput,
} from './records/market-data.js';
export { sentiment, type Sentiment, type SentimentBatch, type SentimentInput } from './records/sentiment.js';
export { feature, type FeatureBatch } from './records/feature.js';
export { featureSetOf, type FeatureSet } from './records/feature-set.js';
export {
  prediction,
  type PredictionBatch,
  type PredictionInput,
  type PredictionRecord,
} from './records/prediction.js';
export {
  outcome,
  type OutcomeBatch,
  type PredictionOutcome,
  type PredictionOutcomeInput,
} from './records/outcome.js';
export {
  strategyPerformance,
  type StrategyPerformance,
  type StrategyPerformanceBatch,
  type StrategyPerformanceInput,
} from './records/strategy-performance.js';
export {
  recordNames,
  records,
  requireRecord,
  type DefinitionOf,
  type RecordBatches,
  type RecordName,
  type RecordRow,
} from './records/records.js';
export {
  checkColumns,
  isColumnBatch,
  readColumnBatch,
  type Batch,
  type CheckedConstant,
  type Column,
  type ColumnBatch,
  type DictionaryColumn,
} from './records/column-batch.js';
export { monthOf, prepareBatch, prepareRowBatch } from './records/batch.js';
export type { PreparedBatch, PreparedRow } from './records/prepared-batch.js';
export { copyBatch } from './records/copy-batch.js';
export { prepareFeatures, toFeatureBatches } from './records/feature-batches.js';
export {
  type BatchVersion,
  DEFAULT_MAX_FUTURE_SKEW_MS,
  drawVersion,
  hasOwnTime,
  settleVersion,
  versionAt,
  VersionClock,
} from './versions/versions.js';
export { supersededRows, type VersionedKey } from './versions/superseded-rows.js';
export { bucketStart, type BucketWidth, type Interval } from './queries/interval.js';
export { sessionInstant, type SessionName, type TradingSession } from './queries/sessions.js';
export { columnsOfRows, type AnyColumns, type ColumnsOf } from './queries/columns.js';
export { comparePositions, orderFields, rowPosition, rowComparison, type RowOrder } from './queries/order.js';
export type * from './queries/parameters.js';
export * from './queries/missing-shards.js';
export * from './queries/query.js';
export {
  requireScanBudget,
  scanBudgetOf,
  DEFAULT_PAGE_ROWS,
  SCAN_BUDGET_ROWS,
} from './queries/scan-budget.js';
export { requireValues, type SelectionPlan } from './queries/selection.js';
export {
  FLOAT_SCALE,
  mixedSources,
  planAggregation,
  toOutputAggregate,
  type AggregateSums,
  type AggregatedData,
  type AggregationParams,
  type AggregationPlan,
  type FloatSum,
  type GroupField,
  type GroupFieldOf,
  type MeasureOf,
  type Measured,
  type Ohlcv,
} from './queries/aggregation.js';
export { planLateBars, type LateBars, type LateBarsParams, type LateBarsPlan } from './queries/late-bars.js';
export {
  AffectedKeys,
  affectedKeys,
  keyOf,
  keysBySymbol,
  memoizedKeyOf,
  type KeyParts,
} from './keyspaces/keys.js';
export { keysWhere, type KeySelection, type Keyspace } from './keyspaces/keyspace.js';
export { requireUnreserved, requireUnreservedPattern } from './keyspaces/reserved-keys.js';
export { keyspaces } from './keyspaces/keyspaces.js';
export type * from './keyspaces/values.js';
export {
  JsonText,
  MAX_KEY_LENGTH,
  decodeCacheValue,
  encodeCacheValue,
  encodeCacheWrite,
  encodeCacheWrites,
  encodeFor,
  encodeTextFor,
  requireKey,
  requireKeys,
  requireTimestamp,
  requireTtlMs,
  splitNotify,
  timestampOf,
  type StoredText,
} from './realtime/cache-value.js';
export { updateValue, type Change, type UpdateCalls } from './realtime/update-value.js';
export {
  TypedKeyspace,
  typedKeyspaces,
  type KeyspaceValues,
  type OpenKeyspace,
} from './realtime/typed-keyspace.js';
export {
  decisionWithoutStore,
  rateLimitDecision,
  rateLimitOf,
  type RateLimit,
} from './realtime/rate-limit.js';
export { decodeTicks, encodeTicks } from './realtime/ticks.js';
export { subscribeToTicks, type TickLook, type TickSource } from './realtime/tick-subscription.js';
export { realtimeValues, type RealtimeValues } from './realtime/realtime-values.js';
export { sessionStore, type SessionStore } from './realtime/sessions.js';
export { authContextStore, type AuthContextStore } from './realtime/auth-contexts.js';
export type { Analytics } from './ports/analytics.js';
export type { AuditEntry, AuditSink } from './ports/audit.js';
export type { CacheBackend, IngestedRows, TimeSeriesBackend } from './ports/backends.js';
export {
  JOURNALED,
  WRITE_BLOCK_OPTIONS,
  requireBlock,
  type Appended,
  type BlockCollector,
  type BlockReceipt,
  type BlockWriter,
  type CollectedBlock,
  type EncodedBlock,
  type WriteBlockOptions,
} from './ports/block-writer.js';
export {
  WRONG_TYPE,
  anyValue,
  type Cache,
  type CacheEntry,
  type CacheWrite,
  type Decoder,
  type SetIfUnchangedOptions,
} from './ports/cache.js';
export type { CacheInvalidations, InvalidationListener } from './ports/cache-invalidations.js';
export * from './ports/call.js';
export * from './ports/write-token.js';
export type { CheckpointRepository } from './ports/checkpoint.js';
export type { AppliedRule, QueryExplanation, QueryPlans, StatementPlan } from './ports/query-plans.js';
export { systemClock, type TimeSource } from './ports/clock.js';
export {
  summaryOf,
  type DamagedDeadLetter,
  type DeadLetter,
  type DeadLetterReason,
  type DeadLetterStore,
  type DeadLetterSummary,
} from './ports/dead-letter.js';
export type { FeatureRepository } from './ports/feature.js';
export {
  GUARANTEES,
  LOSSLESS,
  tableGuarantees,
  unmetGuarantees,
  type Guarantee,
  type GuaranteeInspector,
  type MissingGuarantee,
  type TableGuarantees,
} from './ports/guarantees.js';
export {
  MARKET_STREAM_LENGTH,
  OLDEST_TICK,
  type MarketStream,
  type MarketStreamItem,
  type SubscribeOptions,
} from './ports/market-stream.js';
export {
  AUDITED_WRITE,
  OPERATIONS,
  READ,
  type ObservedPorts,
  type OperationDescriptor,
  type Operations,
  type PortOperations,
} from './ports/operations.js';
export type * from './ports/probe.js';
export {
  RATE_LIMIT_WINDOW_MS,
  type RateLimitDecision,
  type RateLimitFallback,
  type RateLimitRequest,
  type RateLimiter,
} from './ports/rate-limiter.js';
export {
  DUE_OPTIONS,
  deriveRepositories,
  type DueOptions,
  type MarketDataRepository,
  type OutcomeRepository,
  type PredictionRepository,
  type EvaluatedRows,
  type IdentifiedRows,
  type LatestRow,
  type LatestRows,
  type RecordMethods,
  type RecordRepositories,
  type RecordRepository,
  type SentimentRepository,
  type StrategyPerformanceRepository,
} from './ports/record-repositories.js';
export { repeatable, withRepeatableStreams } from './ports/repeatable-streams.js';
export { requireSchemaVersion } from './ports/schema.js';
export type * from './ports/schema.js';
export type { LoggedTransaction, TransactionLog } from './ports/transaction-log.js';
