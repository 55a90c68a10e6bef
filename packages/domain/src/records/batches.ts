import { createHash } from 'node:crypto';
import { ValidationError } from '../errors.js';
import type { ColumnBatch } from './column-batch.js';
import { isColumnBatch, rowsOfColumns } from './column-batch.js';
import { Invalid, isPlainMap } from './field.js';
import { feature } from './feature.js';
import type { MarketDataInput } from './market-data.js';
import { marketData } from './market-data.js';
import type { PredictionOutcomeInput } from './outcome.js';
import { outcome } from './outcome.js';
import type { PredictionInput } from './prediction.js';
import { prediction } from './prediction.js';
import type { RecordDefinition, Row, RowError } from './record.js';
import type { RecordName } from './records.js';
import { records } from './records.js';
import { canonicalRow, requireField, requireObject } from './record.js';
import type { SentimentInput } from './sentiment.js';
import { sentiment } from './sentiment.js';
import type { StrategyPerformanceInput } from './strategy-performance.js';
import { strategyPerformance } from './strategy-performance.js';
import type { BatchVersion } from '../versions/batch-version.js';

/**
 * When a batch was made. Of two writes of one key the one with the later instant wins, of equals the one called later; so
 * sending an old batch again with its time never undoes a correction. Without a time, each call is a new write, which wins
 * over everything written before through this process; that holds for a batch sent again, too.
 *
 * A time further ahead of the clock than the backend's `maxFutureSkewMs` is refused.
 */
type WrittenAt = Date | number;

/** Bars of one source. */
export interface MarketDataBatch {
  records: readonly Omit<MarketDataInput, 'source'>[];
  source: string;
  timestamp?: WrittenAt;
}

/** News sentiment of one source. */
export interface SentimentBatch {
  records: readonly Omit<SentimentInput, 'source'>[];
  source: string;
  timestamp?: WrittenAt;
}

/** Features of one symbol at one instant. */
export interface FeatureBatch {
  symbol: string;
  /** The instant that the features describe: nothing later may have gone into them. */
  timestamp: Date | number;
  features: Readonly<Record<string, number>>;
  metadata?: Readonly<Record<string, string>>;
  version: number;
  /** Default is 0. */
  calculationTimeMs?: number;
  computedAt?: WrittenAt;
}

/** Predictions of one model under one strategy. */
export interface PredictionBatch {
  predictions: readonly Omit<PredictionInput, 'modelVersion' | 'strategyName'>[];
  modelVersion: string;
  strategy: string;
  timestamp?: WrittenAt;
}

export interface OutcomeBatch {
  outcomes: readonly PredictionOutcomeInput[];
  timestamp?: WrittenAt;
}

export interface StrategyPerformanceBatch {
  /** Without an `id`, a row gets one derived from its strategy, regime, instant and parameters. */
  records: readonly (Omit<StrategyPerformanceInput, 'id'> & { id?: string })[];
  timestamp?: WrittenAt;
}

/** What a batch of each record is. */
export interface RecordBatches {
  marketData: MarketDataBatch;
  sentiment: SentimentBatch;
  features: readonly FeatureBatch[];
  predictions: PredictionBatch;
  outcomes: OutcomeBatch;
  strategyPerformance: StrategyPerformanceBatch;
}

/** A batch of any record, as rows or as columns. */
export type Batch<N extends RecordName> = RecordBatches[N] | ColumnBatch<N>;

/** A checked batch: what will be written, and what was refused. */
export interface PreparedBatch {
  readonly definition: RecordDefinition;
  readonly rows: readonly PreparedRow[];
  readonly errors: RowError[];
}

export interface PreparedRow {
  readonly row: Row;
  /** Decides between two writes of one key. */
  readonly version: bigint;
}

function prepare(
  definition: RecordDefinition,
  inputs: unknown,
  listName: string,
  version: bigint,
  complete: (input: object) => object = (input) => input,
): PreparedBatch {
  const operation = `${definition.name}.insert`;
  if (!Array.isArray(inputs)) throw new ValidationError(listName, 'must be a list of records', { operation });
  const rows: PreparedRow[] = [];
  const errors: RowError[] = [];
  inputs.forEach((input: unknown, index) => {
    const candidate = typeof input === 'object' && input !== null ? complete(input) : input;
    const checked = canonicalRow(definition, candidate, index);
    if ('error' in checked) errors.push(checked.error);
    else rows.push({ row: checked.row, version });
  });
  return { definition, rows, errors };
}

function prepareColumns(
  definition: RecordDefinition,
  batch: ColumnBatch<RecordName>,
  version: bigint,
): PreparedBatch {
  const { rows, errors } = rowsOfColumns(definition, batch);
  return { definition, rows: rows.map((row) => ({ row, version })), errors };
}

const requireBatch = <T>(definition: RecordDefinition, batch: T): T & object =>
  requireObject('batch', batch, `${definition.name}.insert`);

const requireLabel = (definition: RecordDefinition, name: string, value: unknown): string =>
  requireField({ kind: 'label' }, name, value, `${definition.name}.insert`) as string;

export function prepareMarketData(batch: MarketDataBatch, version: bigint): PreparedBatch {
  const source = requireLabel(marketData, 'source', requireBatch(marketData, batch).source);
  return prepare(marketData, batch.records, 'records', version, (r) => ({ ...r, source }));
}

export function prepareSentiment(batch: SentimentBatch, version: bigint): PreparedBatch {
  const source = requireLabel(sentiment, 'source', requireBatch(sentiment, batch).source);
  return prepare(sentiment, batch.records, 'records', version, (r) => ({ ...r, source }));
}

export function preparePredictions(batch: PredictionBatch, version: bigint): PreparedBatch {
  const modelVersion = requireLabel(prediction, 'modelVersion', requireBatch(prediction, batch).modelVersion);
  const strategyName = requireLabel(prediction, 'strategy', batch.strategy);
  return prepare(prediction, batch.predictions, 'predictions', version, (r) => ({
    ...r,
    modelVersion,
    strategyName,
  }));
}

export function prepareOutcomes(batch: OutcomeBatch, version: bigint): PreparedBatch {
  return prepare(outcome, requireBatch(outcome, batch).outcomes, 'outcomes', version);
}

/** Stands for "no id yet" until the row's other fields are known to be right. */
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

export function prepareStrategyPerformance(batch: StrategyPerformanceBatch, version: bigint): PreparedBatch {
  const given = requireBatch(strategyPerformance, batch);
  const prepared = prepare(strategyPerformance, given.records, 'records', version, (r) => ({
    ...r,
    id: (r as { id?: string }).id ?? NIL_UUID,
  }));
  const rows = prepared.rows.map(({ row, ...rest }) => ({
    ...rest,
    row: row['id'] === NIL_UUID ? { ...row, id: derivedId(row) } : row,
  }));
  return { ...prepared, rows };
}

/** The same strategy, regime, instant and parameters always get the same id, so a retry writes the same row. */
function derivedId({ strategyName, marketRegime, timestamp, parameters }: Row): string {
  const sorted = Object.entries(parameters!).sort(([a], [b]) => (a < b ? -1 : 1));
  const identity = JSON.stringify([strategyName, marketRegime, timestamp, sorted]);
  const hex = createHash('sha256').update(identity).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** One row a feature. A `RowError.index` is the position of the batch, its field e.g. `features.rsi_14`. */
export function prepareFeatures(batches: readonly FeatureBatch[], version: BatchVersion): PreparedBatch {
  if (!Array.isArray(batches)) {
    throw new ValidationError('batches', 'must be a list of feature batches', {
      operation: 'features.insert',
    });
  }
  const rows: PreparedRow[] = [];
  const errors: RowError[] = [];
  batches.forEach((batch: FeatureBatch, index) => {
    if (!isPlainMap(batch?.features)) {
      errors.push({ index, field: 'features', reason: 'must be a map of numbers' });
      return;
    }
    const shared = sharedFeatureFields(batch, typeof version === 'bigint' ? version : version[index]!);
    for (const [featureName, featureValue] of Object.entries(batch.features)) {
      if ('error' in shared) {
        errors.push({ index, ...shared.error });
        continue;
      }
      const checked = canonicalRow(feature, { ...shared.fields, featureName, featureValue }, index);
      if ('row' in checked) rows.push({ row: checked.row, version: shared.version });
      else errors.push(featureError(checked.error, featureName));
    }
  });
  return { definition: feature, rows, errors };
}

function sharedFeatureFields(
  batch: FeatureBatch,
  version: bigint | Invalid,
): { fields: object; version: bigint } | { error: Omit<RowError, 'index'> } {
  if (version instanceof Invalid) return { error: { field: 'computedAt', reason: version.reason } };
  if (!isPlainMap(batch.metadata ?? {})) {
    return { error: { field: 'metadata', reason: 'must be a map of strings' } };
  }
  const metadata = Object.entries(batch.metadata ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const wrong = metadata.find(([, value]) => typeof value !== 'string');
  if (wrong) return { error: { field: `metadata.${wrong[0]}`, reason: 'must be a string' } };
  return {
    fields: {
      symbol: batch.symbol,
      timestamp: batch.timestamp,
      featureMetadata: JSON.stringify(Object.fromEntries(metadata)),
      featureVersion: batch.version,
      calculationTimeMs: batch.calculationTimeMs ?? 0,
    },
    version,
  };
}

const FEATURE_BATCH_FIELD: Readonly<Record<string, string>> = {
  featureVersion: 'version',
  featureMetadata: 'metadata',
};

function featureError(error: RowError, featureName: string): RowError {
  const field =
    error.field === 'featureValue' || error.field === 'featureName'
      ? `features.${featureName}`
      : (FEATURE_BATCH_FIELD[error.field] ?? error.field);
  return { ...error, field };
}

const preparations: {
  readonly [N in RecordName]: (batch: RecordBatches[N], version: never) => PreparedBatch;
} = {
  marketData: prepareMarketData,
  sentiment: prepareSentiment,
  features: prepareFeatures,
  predictions: preparePredictions,
  outcomes: prepareOutcomes,
  strategyPerformance: prepareStrategyPerformance,
};

/**
 * Checks a batch of any record, and gives its rows the version that was drawn for it.
 * @throws ValidationError when the batch itself is wrong
 */
export function prepareBatch<N extends RecordName>(
  record: N,
  batch: Batch<N>,
  version: BatchVersion,
): PreparedBatch {
  if (isColumnBatch(batch)) return prepareColumns(records[record], batch, version as bigint);
  return preparations[record](batch as RecordBatches[N], version as never);
}

/** The month that an instant lies in, counted from the year 0: the partition of its row. */
export function monthOf(instant: number): number {
  const date = new Date(instant);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
