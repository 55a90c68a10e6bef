import type {
  BatchResult,
  CallOptions,
  QueryParams,
  QueryResult,
  ReadOptions,
  RecordDefinition,
  TimeSeriesBackend,
} from '@quantumtrade/dal-domain';
import { records } from '@quantumtrade/dal-domain';

/** A row as a writer gives it, or as a reader gets it. */
export type LooseRow = Readonly<Record<string, unknown>>;

/** What the batch says besides its rows. */
export type BatchFields = Readonly<Record<string, unknown>>;

/** One of the repositories that take batches of rows, in the form that lets one suite speak of all of them. */
export interface RepositoryKind {
  readonly definition: RecordDefinition;
  /** The batch's member that holds the rows. */
  readonly list: string;
  /** Labels that the batch gives to all its rows: the batch's member, the record's field and a value. */
  readonly labels: ReadonlyArray<{ readonly member: string; readonly field: string; readonly value: string }>;
  /** A row of a scope, without the labels; rows with different `n` have different keys, in the order of `n`. */
  row(scope: string, timestamp: number, n?: number): LooseRow;
  /** The record's field that says the scope: a row's rarest filter. */
  readonly scopeField: string;
  /** What selects exactly the rows of a scope. */
  where(scope: string): QueryParams;
  /** A field outside the key, and two values of it. */
  readonly correction: { readonly field: string; readonly before: unknown; readonly after: unknown };
  insert(backend: TimeSeriesBackend, batch: BatchFields, options?: CallOptions): Promise<BatchResult>;
  find(
    backend: TimeSeriesBackend,
    params: QueryParams,
    options?: ReadOptions<boolean>,
  ): Promise<QueryResult<LooseRow>>;
}

export const marketDataKind: RepositoryKind = {
  definition: records.marketData,
  list: 'records',
  labels: [{ member: 'source', field: 'source', value: 'vendor' }],
  row: (symbol, timestamp, n = 0) => ({
    symbol,
    timestamp: timestamp + n,
    open: 100.5,
    high: 102.25,
    low: 99.75,
    close: 101,
    volume: 1_000 + n,
    adjustedClose: 100.9,
    qualityScore: 90,
  }),
  scopeField: 'symbol',
  where: (symbol) => ({ symbol }),
  correction: { field: 'close', before: 101, after: 101.5 },
  insert: (backend, batch, options) => backend.marketData.insert(batch as never, options),
  find: (backend, params, options) => backend.marketData.find(params, options),
};

export const sentimentKind: RepositoryKind = {
  definition: records.sentiment,
  list: 'records',
  labels: [{ member: 'source', field: 'source', value: 'newswire' }],
  row: (symbol, timestamp, n = 0) => ({
    symbol,
    timestamp,
    sentimentScore: -0.5,
    confidence: 0.75,
    headline: 'Profits fall',
    contentHash: 1_000n + BigInt(n),
    relevanceScore: 1,
  }),
  scopeField: 'symbol',
  where: (symbol) => ({ symbol }),
  correction: { field: 'headline', before: 'Profits fall', after: 'Profits fall less' },
  insert: (backend, batch, options) => backend.sentiment.insert(batch as never, options),
  find: (backend, params, options) => backend.sentiment.find(params, options),
};

export const predictionKind: RepositoryKind = {
  definition: records.predictions,
  list: 'predictions',
  labels: [
    { member: 'modelVersion', field: 'modelVersion', value: 'gbm-7' },
    { member: 'strategy', field: 'strategyName', value: 'momentum' },
  ],
  row: (symbol, timestamp, n = 0) => ({
    predictionId: `${symbol}-${String(n).padStart(4, '0')}`,
    symbol,
    timestamp,
    predictionHorizon: 60,
    predictedPrice: 101.25,
    confidence: 0.5,
    marketRegime: 'bull',
    featuresUsed: ['rsi_14', 'sma_20'],
    modelLatencyMs: 12,
    strategyParameters: { lookback: 20, threshold: 0.1 },
  }),
  scopeField: 'symbol',
  where: (symbol) => ({ symbol }),
  correction: { field: 'predictedPrice', before: 101.25, after: 99 },
  insert: (backend, batch, options) => backend.predictions.insert(batch as never, options),
  find: (backend, params, options) => backend.predictions.find(params, options),
};

export const outcomeKind: RepositoryKind = {
  definition: records.outcomes,
  list: 'outcomes',
  labels: [],
  row: (symbol, timestamp, n = 0) => ({
    predictionId: `${symbol}-${String(n).padStart(4, '0')}`,
    symbol,
    timestamp,
    actualPrice: 102.5,
    predictedPrice: 101.25,
    accuracyScore: 0.875,
    profitLoss: -1.25,
    strategyName: 'momentum',
    marketRegime: 'bull',
    evaluationTimestamp: timestamp + 3_600_000,
  }),
  scopeField: 'symbol',
  where: (symbol) => ({ symbol }),
  correction: { field: 'profitLoss', before: -1.25, after: 4 },
  insert: (backend, batch, options) => backend.outcomes.insert(batch as never, options),
  find: (backend, params, options) => backend.outcomes.find(params, options),
};

export const strategyPerformanceKind: RepositoryKind = {
  definition: records.strategyPerformance,
  list: 'records',
  labels: [],
  row: (strategyName, timestamp, n = 0) => ({
    id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    strategyName,
    marketRegime: 'bull',
    timestamp,
    accuracyRate: 0.5,
    profitLoss: 1_234.5,
    sharpeRatio: 1.25,
    maxDrawdown: -0.25,
    totalTrades: 40,
    winRate: 0.625,
    parameters: { lookback: 20 },
    marketConditions: { volatility: 0.2 },
  }),
  scopeField: 'strategyName',
  where: (strategyName) => ({ filters: { strategyName } }),
  correction: { field: 'profitLoss', before: 1_234.5, after: 0 },
  insert: (backend, batch, options) => backend.strategyPerformance.insert(batch as never, options),
  find: (backend, params, options) => backend.strategyPerformance.find(params, options),
};

/** The batch of these rows with its labels. */
export function batchOf(kind: RepositoryKind, rows: readonly unknown[], more: BatchFields = {}): BatchFields {
  const labels = Object.fromEntries(kind.labels.map(({ member, value }) => [member, value]));
  return { ...labels, [kind.list]: rows, ...more };
}

/** The row as readers get it, with the batch's labels. */
export function stored(kind: RepositoryKind, row: LooseRow): LooseRow {
  const labels = Object.fromEntries(kind.labels.map(({ field, value }) => [field, value]));
  const instants = Object.entries(row).map(([name, value]) =>
    kind.definition.fields[name]?.kind === 'instant' ? [name, new Date(value as number)] : [name, value],
  );
  return { ...Object.fromEntries(instants), ...labels };
}
