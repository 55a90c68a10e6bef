import type { BatchOf, InputOf, RecordDefinition, RecordOf } from './definition.js';

const DRAWDOWN = 'a drawdown is a fraction of the peak and not positive, e.g. -0.25 for a loss of a quarter';

/**
 * Performance of a strategy in one market regime with one set of parameters, as judged at one instant. An undefined metric
 * is null: without trades there is no win rate, and without spread in the returns no Sharpe ratio. `maxDrawdown` is the
 * lowest value of equity / running peak - 1, from -1 to 0.
 */
export const strategyPerformance = {
  name: 'strategyPerformance',
  table: 'strategy_performance',
  since: 6,
  fields: {
    id: { kind: 'uuid' },
    strategyName: { kind: 'label' },
    marketRegime: { kind: 'label' },
    timestamp: { kind: 'instant' },
    accuracyRate: { kind: 'float32', min: 0, max: 1, nullable: true },
    profitLoss: { kind: 'decimal', precision: 38 },
    sharpeRatio: { kind: 'float32', nullable: true },
    maxDrawdown: { kind: 'float32', min: -1, max: 0, hint: DRAWDOWN, nullable: true },
    totalTrades: { kind: 'uint32' },
    winRate: { kind: 'float32', min: 0, max: 1, nullable: true },
    parameters: { kind: 'numbers' },
    marketConditions: { kind: 'numbers' },
  },
  key: ['strategyName', 'marketRegime', 'timestamp', 'id'],
  versioning: 'upsert',
  batch: {
    form: 'rows',
    rows: 'records',
    labels: {},
    derivedId: { field: 'id', from: ['strategyName', 'marketRegime', 'timestamp', 'parameters'] },
  },
  cacheKeys: [],
  filters: ['id', 'strategyName', 'marketRegime'],
  aggregate: {
    groups: ['strategyName', 'marketRegime'],
    measures: ['profitLoss', 'accuracyRate', 'sharpeRatio', 'maxDrawdown', 'totalTrades', 'winRate'],
  },
  latest: { by: 'strategyName', returns: 'row' },
} as const satisfies RecordDefinition;

export type StrategyPerformance<E extends boolean = false> = RecordOf<typeof strategyPerformance, E>;
export type StrategyPerformanceInput = InputOf<typeof strategyPerformance>;
export type StrategyPerformanceBatch = BatchOf<typeof strategyPerformance>;
