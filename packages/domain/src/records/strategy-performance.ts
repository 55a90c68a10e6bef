import type { InputOf, RecordDefinition, RecordOf } from './record.js';

/** How a strategy did in one market regime, with one set of parameters, as judged at one instant. */
export const strategyPerformance = {
  name: 'strategyPerformance',
  table: 'strategy_performance',
  fields: {
    id: { kind: 'uuid' },
    strategyName: { kind: 'label' },
    marketRegime: { kind: 'label' },
    timestamp: { kind: 'instant' },
    accuracyRate: { kind: 'float32', min: 0, max: 1 },
    profitLoss: { kind: 'decimal', precision: 38 },
    sharpeRatio: { kind: 'float32' },
    maxDrawdown: { kind: 'float32' },
    totalTrades: { kind: 'uint32' },
    winRate: { kind: 'float32', min: 0, max: 1 },
    parameters: { kind: 'numbers' },
    marketConditions: { kind: 'numbers' },
  },
  key: ['strategyName', 'marketRegime', 'timestamp', 'id'],
  filters: ['id', 'strategyName', 'marketRegime'],
  groups: ['strategyName', 'marketRegime'],
  measures: ['profitLoss', 'accuracyRate', 'sharpeRatio', 'maxDrawdown', 'totalTrades', 'winRate'],
} as const satisfies RecordDefinition;

export type StrategyPerformance<E extends boolean = false> = RecordOf<typeof strategyPerformance, E>;
export type StrategyPerformanceInput = InputOf<typeof strategyPerformance>;
