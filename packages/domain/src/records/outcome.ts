import type { InputOf, RecordDefinition, RecordOf } from './record.js';

/**
 * What came of one prediction, which its id, symbol and timestamp name. `evaluationTimestamp` is when it was judged; judging
 * it again replaces the outcome.
 */
export const outcome = {
  name: 'outcomes',
  table: 'prediction_outcomes',
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
  filters: ['predictionId', 'strategyName', 'marketRegime'],
  groups: ['symbol', 'strategyName', 'marketRegime'],
  measures: ['profitLoss', 'accuracyScore', 'actualPrice', 'predictedPrice'],
} as const satisfies RecordDefinition;

export type PredictionOutcome<E extends boolean = false> = RecordOf<typeof outcome, E>;
export type PredictionOutcomeInput = InputOf<typeof outcome>;
