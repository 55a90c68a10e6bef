import { ValidationError } from '../errors.js';
import type { BatchOf, RecordDefinition, RecordOf } from './definition.js';
import type { FeatureBatch } from './feature.js';
import { feature } from './feature.js';
import { marketData } from './market-data.js';
import { outcome } from './outcome.js';
import { prediction } from './prediction.js';
import { sentiment } from './sentiment.js';
import { strategyPerformance } from './strategy-performance.js';

/** The registry: every record by its name. */
export const records = {
  marketData,
  sentiment,
  features: feature,
  predictions: prediction,
  outcomes: outcome,
  strategyPerformance,
} as const satisfies Record<string, RecordDefinition>;

export type RecordName = keyof typeof records;

/** Definition of the record with this name. */
export type DefinitionOf<N extends RecordName> = (typeof records)[N];

/** Batch of rows of each record. */
export type RecordBatches = {
  [N in RecordName]: DefinitionOf<N>['batch']['form'] extends 'sets'
    ? readonly FeatureBatch[]
    : BatchOf<DefinitionOf<N>>;
};

/** Output row of the record with this name. */
export type RecordRow<N extends RecordName, E extends boolean = false> = RecordOf<DefinitionOf<N>, E>;

export const recordNames = Object.keys(records) as readonly RecordName[];

/** Returns the record with this name; throws `ValidationError` when there is none. */
export function requireRecord(name: unknown, operation: string): RecordDefinition {
  if (typeof name === 'string' && Object.hasOwn(records, name)) return records[name as RecordName];
  throw new ValidationError('record', `must be one of ${recordNames.join(', ')}`, { operation });
}
