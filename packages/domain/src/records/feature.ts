import type { RecordDefinition, WrittenAt } from './definition.js';

/** One feature of one symbol at one instant. Readers get whole feature sets: see `FeatureSet`. */
export const feature = {
  name: 'features',
  table: 'features',
  since: 3,
  fields: {
    symbol: { kind: 'symbol' },
    timestamp: { kind: 'instant' },
    featureName: { kind: 'label' },
    featureValue: { kind: 'float64' },
    featureMetadata: { kind: 'metadata' },
    featureVersion: { kind: 'uint16' },
    calculationTimeMs: { kind: 'uint32' },
  },
  key: ['symbol', 'featureName', 'timestamp', 'featureVersion'],
  versioning: 'upsert',
  batch: {
    form: 'sets',
    members: {
      symbol: 'symbol',
      timestamp: 'timestamp',
      featureMetadata: 'metadata',
      featureVersion: 'version',
      calculationTimeMs: 'calculationTimeMs',
    },
    entries: { member: 'features', name: 'featureName', value: 'featureValue' },
    writtenAt: 'computedAt',
  },
  cacheKeys: ['features:{symbol}:latest', 'features:{symbol}:{featureName}'],
  filters: ['featureName', 'featureVersion'],
  aggregate: { groups: ['symbol', 'featureName'], measures: ['featureValue', 'calculationTimeMs'] },
} as const satisfies RecordDefinition;

/** Features of one symbol at one instant. */
export interface FeatureBatch {
  symbol: string;
  /** Instant that the features describe. No input of a feature may be later. */
  timestamp: Date | number;
  features: Readonly<Record<string, number>>;
  /** Null counts as not given. @default {} */
  metadata?: Readonly<Record<string, string>>;
  version: number;
  /** Null counts as not given. @default 0 (milliseconds) */
  calculationTimeMs?: number;
  computedAt?: WrittenAt;
}
