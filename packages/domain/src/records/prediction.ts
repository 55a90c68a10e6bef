import type { InputOf, RecordDefinition, RecordOf } from './record.js';

/** What a model expected the price to be `predictionHorizon` minutes after `timestamp`. */
export const prediction = {
  name: 'predictions',
  table: 'predictions',
  fields: {
    predictionId: { kind: 'id' },
    symbol: { kind: 'symbol' },
    timestamp: { kind: 'instant' },
    modelVersion: { kind: 'label' },
    strategyName: { kind: 'label' },
    predictionHorizon: { kind: 'uint32' },
    predictedPrice: { kind: 'decimal' },
    confidence: { kind: 'float32', min: 0, max: 1 },
    marketRegime: { kind: 'label' },
    featuresUsed: { kind: 'texts' },
    modelLatencyMs: { kind: 'float64', min: 0 },
    strategyParameters: { kind: 'numbers' },
  },
  key: ['symbol', 'timestamp', 'predictionId'],
  filters: ['predictionId', 'modelVersion', 'strategyName', 'marketRegime', 'predictionHorizon'],
  groups: ['symbol', 'strategyName', 'marketRegime', 'modelVersion'],
  measures: ['predictedPrice', 'confidence', 'modelLatencyMs', 'predictionHorizon'],
} as const satisfies RecordDefinition;

export type PredictionRecord<E extends boolean = false> = RecordOf<typeof prediction, E>;
export type PredictionInput = InputOf<typeof prediction>;
