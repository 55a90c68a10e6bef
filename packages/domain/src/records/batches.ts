import { createHash } from 'node:crypto';
import type { ColumnBatch } from './column-batch.js';
import { isColumnBatch, readColumnBatch, rowsOfColumns } from './column-batch.js';
import type { ListedRecord } from './envelope.js';
import { readEnvelope } from './envelope.js';
import { prepareFeatures } from './feature-batches.js';
import type { Rounding } from './decimal.js';
import type { MarketDataInput } from './market-data.js';
import type { PredictionOutcomeInput } from './outcome.js';
import type { PredictionInput } from './prediction.js';
import type { RecordDefinition, Row, RowError } from './record.js';
import type { RecordName } from './records.js';
import { records } from './records.js';
import { RowKeys } from './row-keys.js';
import { checkRow } from './record.js';
import type { SentimentInput } from './sentiment.js';
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

/** What a batch of a record with decimals says of all of them. */
interface DecimalBatch {
  /**
   * Rounds decimal strings with more than 8 digits after the point, half to even, and counts their rows in `roundedCount`.
   * Default is to refuse them.
   */
  rounding?: Rounding;
}

/** Bars of one source. */
export interface MarketDataBatch extends DecimalBatch {
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
export interface PredictionBatch extends DecimalBatch {
  predictions: readonly Omit<PredictionInput, 'modelVersion' | 'strategyName'>[];
  modelVersion: string;
  strategy: string;
  timestamp?: WrittenAt;
}

export interface OutcomeBatch extends DecimalBatch {
  outcomes: readonly PredictionOutcomeInput[];
  timestamp?: WrittenAt;
}

export interface StrategyPerformanceBatch extends DecimalBatch {
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
  /** Rows in which a decimal was rounded because the batch allows it. */
  readonly roundedCount: number;
}

export interface PreparedRow {
  readonly row: Row;
  /** Decides between two writes of one key. */
  readonly version: bigint;
}

type Fields = Readonly<Record<string, unknown>>;

/** What the rows of a batch have in common. */
interface Shared {
  readonly version: bigint;
  /** Fields that the batch gives: what a row has in their place is not looked at. */
  readonly given?: Fields;
  /** Fields of rows that do not have them. */
  readonly defaults?: Fields;
  readonly rounding?: Rounding | undefined;
}

/** Checks the rows of a list, each for itself: what one of them is like changes nothing for the others. */
function prepareRows(
  definition: RecordDefinition,
  inputs: readonly unknown[],
  { version, given = {}, defaults = {}, rounding }: Shared,
): PreparedBatch {
  const keys = new RowKeys(definition, { ...given, ...defaults });
  const valueOf = (row: Fields, name: string) =>
    Object.hasOwn(given, name) ? given[name] : (row[name] ?? defaults[name]);
  const rows: PreparedRow[] = [];
  const errors: RowError[] = [];
  let roundedCount = 0;
  // A hole in the list is a row that is given, too.
  for (let index = 0; index < inputs.length; index++) {
    const checked = prepareRow(definition, inputs, index, valueOf, keys, rounding);
    if ('error' in checked) errors.push(checked.error);
    else {
      rows.push({ row: checked.row, version });
      if (checked.rounded) roundedCount++;
    }
  }
  return { definition, rows, errors, roundedCount };
}

function prepareRow(
  definition: RecordDefinition,
  inputs: readonly unknown[],
  index: number,
  valueOf: (row: Fields, name: string) => unknown,
  keys: RowKeys,
  rounding: Rounding | undefined,
): ReturnType<typeof checkRow> {
  try {
    const input = inputs[index];
    if (typeof input !== 'object' || input === null) {
      return { error: { index, field: definition.table, reason: 'must be an object' } };
    }
    const hasMore = keys.hasMore(input);
    const checked = checkRow(definition, index, (name) => valueOf(input as Fields, name), rounding);
    const refusal = hasMore || 'error' in checked ? keys.refusal(input) : undefined;
    return refusal === undefined ? checked : { error: { index, ...refusal } };
  } catch {
    return { error: { index, field: definition.table, reason: 'cannot be read' } };
  }
}

function prepareList(record: ListedRecord, batch: unknown, version: bigint): PreparedBatch {
  const { rows, labels, rounding } = readEnvelope(record, batch);
  return prepareRows(records[record], rows, { given: labels, version, rounding });
}

function prepareColumns(
  definition: RecordDefinition,
  batch: ColumnBatch<RecordName>,
  version: bigint,
): PreparedBatch {
  const { rows, errors, roundedCount } = rowsOfColumns(definition, readColumnBatch(definition, batch));
  return { definition, rows: rows.map((row) => ({ row, version })), errors, roundedCount };
}

export const prepareMarketData = (batch: MarketDataBatch, version: bigint): PreparedBatch =>
  prepareList('marketData', batch, version);

export const prepareSentiment = (batch: SentimentBatch, version: bigint): PreparedBatch =>
  prepareList('sentiment', batch, version);

export const preparePredictions = (batch: PredictionBatch, version: bigint): PreparedBatch =>
  prepareList('predictions', batch, version);

export const prepareOutcomes = (batch: OutcomeBatch, version: bigint): PreparedBatch =>
  prepareList('outcomes', batch, version);

/** Stands for "no id yet" until the row's other fields are known to be right. */
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

export function prepareStrategyPerformance(batch: StrategyPerformanceBatch, version: bigint): PreparedBatch {
  const { rows: given, rounding } = readEnvelope('strategyPerformance', batch);
  const defaults = { id: NIL_UUID };
  const prepared = prepareRows(strategyPerformance, given, { version, defaults, rounding });
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
  return isColumnBatch(batch)
    ? prepareColumns(records[record], batch, version as bigint)
    : prepareRowBatch(record, batch as RecordBatches[N], version);
}

/** The same of a batch of rows; one of columns is none. */
export const prepareRowBatch = <N extends RecordName>(
  record: N,
  batch: RecordBatches[N],
  version: BatchVersion,
): PreparedBatch => preparations[record](batch, version as never);

/** The month that an instant lies in, counted from the year 0: the partition of its row. */
export function monthOf(instant: number): number {
  const date = new Date(instant);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
