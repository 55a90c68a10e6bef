import type { PredictionOutcome, PredictionRecord } from '@quantumtrade/dal-domain';
import { judge, maxDrawdown, performanceByRegime, sharpe } from './evaluation.js';
import { predict } from './strategies.js';

const DAY = 86_400_000;
const days = new Map([
  [
    'X',
    [
      { endsAt: 1 * DAY, close: 100 },
      { endsAt: 2 * DAY, close: 110 },
      { endsAt: 5 * DAY, close: 99 },
    ],
  ],
]);

const prediction = (day: number, predictedPrice: number) =>
  ({
    predictionId: `p${day}`,
    symbol: 'X',
    timestamp: new Date(day * DAY),
    predictedPrice,
    strategyName: 's',
    marketRegime: 'calm',
  }) as PredictionRecord;

describe('judge', () => {
  it('compares a prediction with the next traded day', () => {
    const [first, second, ...others] = judge(
      [prediction(1, 105), prediction(2, 120), prediction(5, 1)],
      days,
      7,
    );
    expect(first).toMatchObject({ predictionId: 'p1', actualPrice: 110, evaluationTimestamp: 7 });
    expect(first!.profitLoss).toBeCloseTo(100, 9);
    expect(first!.accuracyScore).toBeCloseTo(1 - 5 / 110, 9);
    expect(second!.actualPrice).toBe(99);
    expect(second!.profitLoss).toBeCloseTo(-100, 9);
    expect(others).toEqual([]);
  });

  it('stakes nothing on a prediction of no change', () => {
    expect(judge([prediction(1, 100)], days, 7)[0]!.profitLoss).toBeCloseTo(0);
    expect(judge([{ ...prediction(1, 100), symbol: 'Y' }], days, 7)).toEqual([]);
  });
});

describe('performanceByRegime', () => {
  const outcome = (day: number, marketRegime: string, profitLoss: number, accuracyScore: number) =>
    ({
      strategyName: 's',
      marketRegime,
      timestamp: new Date(day * DAY),
      profitLoss,
      accuracyScore,
    }) as PredictionOutcome;

  it('sums up each regime', () => {
    const [calm, volatile] = performanceByRegime([
      outcome(1, 'calm', 100, 0.9),
      outcome(2, 'calm', -200, 0.8),
      outcome(2, 'volatile', 50, 1),
      outcome(1, 'calm', 0, 1),
    ]);
    expect(calm).toMatchObject({
      marketRegime: 'calm',
      totalTrades: 3,
      profitLoss: -100,
      timestamp: 2 * DAY,
    });
    expect(calm!.accuracyRate).toBeCloseTo(0.9);
    expect(calm!.winRate).toBeCloseTo(1 / 3);
    expect(calm!.maxDrawdown).toBeCloseTo(-0.2);
    expect(calm!.sharpeRatio).toBeCloseTo(sharpe([0.05, -0.2])!);
    expect(volatile).toMatchObject({ totalTrades: 1, winRate: 1, sharpeRatio: null, maxDrawdown: 0 });
  });

  it('divides the mean of daily returns by their yearly spread', () => {
    expect(sharpe([0.01, 0.03])).toBeCloseTo((0.02 / Math.SQRT2 / 0.01) * Math.sqrt(252), 9);
    expect(sharpe([0.01, 0.01])).toBeNull();
  });

  it('returns the largest fall from a peak as drawdown', () => {
    expect(maxDrawdown([0.1, -0.5, 0.5, -0.4, 2])).toBeCloseTo(0.5 * 1.5 * 0.6 - 1, 9);
  });
});

describe('predictions', () => {
  it('use only the features of their own instant', () => {
    const set = {
      symbol: 'X',
      timestamp: new Date(5 * DAY),
      version: 1,
      metadata: {},
      featureMetadata: {},
      calculationTimeMs: 0,
      features: { close: 100, return_5d: 0.05, sma_5: 98, volatility_5d: 0.3 },
    };
    const [momentum] = predict('demo-momentum', [set]);
    const [reversion] = predict('demo-mean-reversion', [set]);
    expect(momentum).toMatchObject({
      timestamp: set.timestamp,
      marketRegime: 'volatile',
      predictionHorizon: 1440,
    });
    expect(momentum!.predictedPrice).toBeCloseTo(100.5, 9);
    expect(reversion!.predictedPrice).toBeCloseTo(99.8, 9);
    expect(predict('demo-momentum', [{ ...set, features: { close: 100 } }])).toEqual([]);
  });
});
