import type { InputOf, RecordDefinition, RecordOf } from './record.js';

/** One feature of one symbol at one instant. Readers get whole feature sets: see `FeatureSet`. */
export const feature = {
  name: 'features',
  table: 'features',
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
  filters: ['featureName', 'featureVersion'],
  groups: ['symbol', 'featureName'],
  measures: ['featureValue', 'calculationTimeMs'],
} as const satisfies RecordDefinition;

export type Feature<E extends boolean = false> = RecordOf<typeof feature, E>;
export type FeatureInput = InputOf<typeof feature>;
