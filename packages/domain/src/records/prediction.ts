import type { BatchOf, InputOf, RecordDefinition, RecordOf } from './definition.js';

/** Price that a model expects `predictionHorizon` minutes after `timestamp`. */
export const prediction = {
  name: 'predictions',
  table: 'predictions',
  since: 4,
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
  identifier: 'predictionId',
  versioning: 'upsert',
  batch: {
    form: 'rows',
    rows: 'predictions',
    labels: { modelVersion: 'modelVersion', strategyName: 'strategy' },
  },
  cacheKeys: ['prediction:{predictionId}'],
  filters: ['predictionId', 'modelVersion', 'strategyName', 'marketRegime', 'predictionHorizon'],
  aggregate: {
    groups: ['symbol', 'strategyName', 'marketRegime', 'modelVersion'],
    measures: ['predictedPrice', 'confidence', 'modelLatencyMs', 'predictionHorizon'],
  },
  evaluate: { horizon: 'predictionHorizon', outcomes: 'outcomes' },
} as const satisfies RecordDefinition;

export type PredictionRecord<E extends boolean = false> = RecordOf<typeof prediction, E>;
export type PredictionInput = InputOf<typeof prediction>;
/** Predictions of one model under one strategy. */
export type PredictionBatch = BatchOf<typeof prediction>;
