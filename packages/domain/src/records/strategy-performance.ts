import type { InputOf, RecordDefinition, RecordOf } from './record.js';

const DRAWDOWN = 'a drawdown is a fraction of the peak and not positive, e.g. -0.25 for a loss of a quarter';

/**
 * How a strategy did in one market regime, with one set of parameters, as judged at one instant. A metric that is
 * undefined is null: of no trades there is no win rate, of returns without spread no Sharpe ratio. `maxDrawdown` is the
 * lowest of equity / running peak - 1, so from -1 to 0.
 */
export const strategyPerformance = {
  name: 'strategyPerformance',
  table: 'strategy_performance',
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
  filters: ['id', 'strategyName', 'marketRegime'],
  groups: ['strategyName', 'marketRegime'],
  measures: ['profitLoss', 'accuracyRate', 'sharpeRatio', 'maxDrawdown', 'totalTrades', 'winRate'],
} as const satisfies RecordDefinition;

export type StrategyPerformance<E extends boolean = false> = RecordOf<typeof strategyPerformance, E>;
export type StrategyPerformanceInput = InputOf<typeof strategyPerformance>;
