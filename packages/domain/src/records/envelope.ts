import { ValidationError } from '../errors.js';
import { keysOf } from '../known-keys.js';
import type {
  MarketDataBatch,
  OutcomeBatch,
  PredictionBatch,
  SentimentBatch,
  StrategyPerformanceBatch,
} from './batches.js';
import type { Rounding } from './decimal.js';
import { readMember, requireMembers } from './members.js';
import type { RecordDefinition } from './record.js';
import { requireField } from './record.js';
import type { RecordName } from './records.js';
import { records } from './records.js';

/** The records whose batch is one object with a list of rows. */
export type ListedRecord = Exclude<RecordName, 'features'>;

/** Which member of a batch holds its rows, and which members are fields of all of them. */
interface BatchShape {
  readonly list: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly keys: readonly string[];
}

const SHAPES: Readonly<Record<ListedRecord, BatchShape>> = {
  marketData: {
    list: 'records',
    labels: { source: 'source' },
    keys: keysOf<MarketDataBatch>({ records: true, source: true, timestamp: true, rounding: true }),
  },
  sentiment: {
    list: 'records',
    labels: { source: 'source' },
    keys: keysOf<SentimentBatch>({ records: true, source: true, timestamp: true }),
  },
  predictions: {
    list: 'predictions',
    labels: { modelVersion: 'modelVersion', strategyName: 'strategy' },
    keys: keysOf<PredictionBatch>({
      predictions: true,
      modelVersion: true,
      strategy: true,
      timestamp: true,
      rounding: true,
    }),
  },
  outcomes: {
    list: 'outcomes',
    labels: {},
    keys: keysOf<OutcomeBatch>({ outcomes: true, timestamp: true, rounding: true }),
  },
  strategyPerformance: {
    list: 'records',
    labels: {},
    keys: keysOf<StrategyPerformanceBatch>({ records: true, timestamp: true, rounding: true }),
  },
};

/** What a batch says besides its rows and its time, checked, and its rows, unchecked. */
export interface Envelope {
  readonly rows: readonly unknown[];
  /** Fields that the batch gives to all of its rows. */
  readonly labels: Readonly<Record<string, string>>;
  readonly rounding: Rounding | undefined;
}

/** Reads a batch, also one of a class with accessors. Throws `ValidationError` naming the member that is wrong or unknown. */
export function readEnvelope(record: ListedRecord, batch: unknown): Envelope {
  const operation = `${record}.insert`;
  const { list, labels, keys } = SHAPES[record];
  const given = requireMembers('batch', batch, keys, operation);
  const entries = Object.entries(labels).map(([field, member]) => [
    field,
    requireField({ kind: 'label' }, member, readMember(given, member, operation), operation),
  ]);
  const rows = readMember(given, list, operation);
  if (!Array.isArray(rows)) throw new ValidationError(list, 'must be a list of records', { operation });
  return {
    rows,
    labels: Object.fromEntries(entries) as Record<string, string>,
    rounding: readRounding(records[record], given, operation),
  };
}

/** The `rounding` of a batch; throws `ValidationError` when it is unknown, or the record has nothing to round. */
export function readRounding(
  { fields }: RecordDefinition,
  batch: object,
  operation: string,
): Rounding | undefined {
  const rounding = readMember(batch, 'rounding', operation);
  if (rounding === undefined) return undefined;
  if (!Object.values(fields).some(({ kind }) => kind === 'decimal')) {
    throw new ValidationError('rounding', 'has no effect: the record has no decimals', { operation });
  }
  if (rounding === 'half-even') return rounding;
  throw new ValidationError('rounding', "must be 'half-even'", { operation });
}
