import { ValidationError } from '../errors.js';
import { feature } from './feature.js';
import { marketData } from './market-data.js';
import { outcome } from './outcome.js';
import { prediction } from './prediction.js';
import type { RecordDefinition } from './record.js';
import { sentiment } from './sentiment.js';
import { strategyPerformance } from './strategy-performance.js';

/** All records by the name that aggregations use. */
export const records = {
  marketData,
  sentiment,
  features: feature,
  predictions: prediction,
  outcomes: outcome,
  strategyPerformance,
} as const satisfies Record<string, RecordDefinition>;

export type RecordName = keyof typeof records;

/** The record of this name; throws `ValidationError` when there is none. */
export function requireRecord(name: unknown, operation: string): RecordDefinition {
  if (typeof name === 'string' && Object.hasOwn(records, name)) return records[name as RecordName];
  throw new ValidationError('record', `must be one of ${Object.keys(records).join(', ')}`, { operation });
}
