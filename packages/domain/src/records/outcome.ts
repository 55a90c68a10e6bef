import type { BatchOf, InputOf, RecordDefinition, RecordOf } from './definition.js';

/**
 * Outcome of the prediction with the same id, symbol and timestamp. `evaluationTimestamp` is the instant of the evaluation;
 * a second evaluation replaces the outcome.
 */
export const outcome = {
  name: 'outcomes',
  table: 'prediction_outcomes',
  since: 5,
  fields: {
    predictionId: { kind: 'id' },
    symbol: { kind: 'symbol' },
    timestamp: { kind: 'instant' },
    actualPrice: { kind: 'decimal' },
    predictedPrice: { kind: 'decimal' },
    accuracyScore: { kind: 'float32', min: 0, max: 1 },
    profitLoss: { kind: 'decimal', precision: 38 },
    strategyName: { kind: 'label' },
    marketRegime: { kind: 'label' },
    evaluationTimestamp: { kind: 'instant' },
  },
  key: ['predictionId', 'symbol', 'timestamp'],
  versioning: 'upsert',
  batch: { form: 'rows', rows: 'outcomes', labels: {} },
  cacheKeys: [],
  filters: ['predictionId', 'strategyName', 'marketRegime'],
  aggregate: {
    groups: ['symbol', 'strategyName', 'marketRegime'],
    measures: ['profitLoss', 'accuracyScore', 'actualPrice', 'predictedPrice'],
  },
} as const satisfies RecordDefinition;

export type PredictionOutcome<E extends boolean = false> = RecordOf<typeof outcome, E>;
export type PredictionOutcomeInput = InputOf<typeof outcome>;
export type OutcomeBatch = BatchOf<typeof outcome>;
