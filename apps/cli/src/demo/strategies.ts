import type { FeatureSet, PredictionBatch } from '@quantumtrade/dal-domain';

export const MODEL_VERSION = 'demo-1';
export const HORIZON_MINUTES = 24 * 60;
/** Days before a symbol has all features that the strategies use. */
export const HISTORY_DAYS = 6;

/** Share of its signal that a strategy expects on the next day. */
const WEIGHT = 0.1;
const VOLATILE_FROM = 0.2;
const TRADING_DAYS = 252;

type Features = Readonly<Record<string, number>>;

/** Expected change of each strategy for the next day, as a share of the close. */
const EXPECTED_RETURN: Readonly<Record<string, (features: Features) => number>> = {
  'demo-momentum': ({ return_5d }) => WEIGHT * return_5d!,
  'demo-mean-reversion': ({ sma_5, close }) => WEIGHT * (sma_5! / close! - 1),
};
const FEATURES_USED = ['close', 'return_5d', 'sma_5', 'volatility_5d'];

export const STRATEGIES = Object.keys(EXPECTED_RETURN);

/** Returns a strategy's predictions for the days with all features that it uses. */
export function predict(strategy: string, sets: readonly FeatureSet[]): PredictionBatch['predictions'] {
  return sets
    .filter(({ features }) => FEATURES_USED.every((name) => name in features))
    .map(({ symbol, timestamp, features }) => {
      const expected = EXPECTED_RETURN[strategy]!(features);
      const volatility = features['volatility_5d']!;
      return {
        predictionId: `${strategy}:${symbol}:${timestamp.toISOString().slice(0, 10)}`,
        symbol,
        timestamp,
        predictionHorizon: HORIZON_MINUTES,
        predictedPrice: features['close']! * (1 + expected),
        confidence:
          volatility === 0 ? 0 : Math.min(1, Math.abs(expected) / (volatility / Math.sqrt(TRADING_DAYS))),
        marketRegime: volatility >= VOLATILE_FROM ? 'volatile' : 'calm',
        featuresUsed: FEATURES_USED,
        modelLatencyMs: 0,
        strategyParameters: { weight: WEIGHT },
      };
    });
}
