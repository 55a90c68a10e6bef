import type {
  PredictionOutcome,
  PredictionOutcomeInput,
  PredictionRecord,
  StrategyPerformanceBatch,
} from '@quantumtrade/dal-domain';
import { groupBy } from './collections.js';
import { deviation } from './indicators.js';

/** The end and close of each day of a symbol, in ascending order. */
export type Days = ReadonlyArray<{ readonly endsAt: number; readonly close: number }>;

/** Stake on each prediction. */
const STAKE = 1_000;
const TRADING_DAYS = 252;

/**
 * Evaluates predictions with the close of the next traded day; those of a symbol's last day stay open. The profit is that of a
 * stake of 1,000 on the predicted direction. The score is 1 minus the error as a share of the actual price.
 */
export function judge(
  predictions: readonly PredictionRecord[],
  daysBySymbol: ReadonlyMap<string, Days>,
  now: number,
): PredictionOutcomeInput[] {
  const positions = new Map(
    [...daysBySymbol].map(([symbol, days]) => [
      symbol,
      new Map(days.map(({ endsAt }, index) => [endsAt, index])),
    ]),
  );
  return predictions.flatMap((prediction) => {
    const { predictionId, symbol, timestamp, predictedPrice, strategyName, marketRegime } = prediction;
    const index = positions.get(symbol)?.get(timestamp.getTime());
    const [entry, next] = index === undefined ? [] : daysBySymbol.get(symbol)!.slice(index, index + 2);
    if (!entry || !next) return [];
    const direction = Math.sign(predictedPrice - entry.close);
    return {
      predictionId,
      symbol,
      timestamp,
      actualPrice: next.close,
      predictedPrice,
      accuracyScore: Math.max(0, 1 - Math.abs(predictedPrice / next.close - 1)),
      profitLoss: STAKE * direction * (next.close / entry.close - 1),
      strategyName,
      marketRegime,
      evaluationTimestamp: now,
    };
  });
}

type Performance = StrategyPerformanceBatch['records'][number];

/**
 * Returns the performance of one strategy in each regime, as of the last evaluated day. A day's return is the mean over its predictions;
 * the Sharpe ratio is yearly, without a risk-free rate; the drawdown is the largest fall of the compounded returns.
 */
export function performanceByRegime(outcomes: readonly PredictionOutcome[]): Performance[] {
  const regimes = groupBy(outcomes, ({ marketRegime }) => marketRegime);
  return [...regimes].map(([marketRegime, judged]) => {
    const daily = [...groupBy(judged, ({ timestamp }) => timestamp.getTime())]
      .sort(([a], [b]) => a - b)
      .map(([, day]) => sum(day.map(({ profitLoss }) => profitLoss / STAKE)) / day.length);
    return {
      strategyName: judged[0]!.strategyName,
      marketRegime,
      timestamp: judged.reduce((last, { timestamp }) => Math.max(last, timestamp.getTime()), -Infinity),
      accuracyRate: sum(judged.map(({ accuracyScore }) => accuracyScore)) / judged.length,
      profitLoss: sum(judged.map(({ profitLoss }) => profitLoss)),
      sharpeRatio: sharpe(daily),
      maxDrawdown: maxDrawdown(daily),
      totalTrades: judged.length,
      winRate: judged.filter(({ profitLoss }) => profitLoss > 0).length / judged.length,
      parameters: { stake: STAKE },
      marketConditions: { days: daily.length },
    };
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Returns the yearly Sharpe ratio; null when the returns have no spread. */
export function sharpe(daily: readonly number[]): number | null {
  const spread = daily.length < 2 ? 0 : deviation(daily);
  return spread === 0 ? null : (sum(daily) / daily.length / spread) * Math.sqrt(TRADING_DAYS);
}

/** Returns the lowest value / running peak - 1, from -1 to 0. The value before the first day is 1. */
export function maxDrawdown(daily: readonly number[]): number {
  let value = 1;
  let peak = 1;
  let worst = 0;
  for (const change of daily) {
    value *= 1 + change;
    peak = Math.max(peak, value);
    worst = Math.min(worst, value / peak - 1);
  }
  return worst;
}
