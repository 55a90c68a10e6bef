import type {
  FeatureSet,
  MarketData,
  MarketRegime,
  PredictionRecord,
  SelectedStrategy,
  SessionData,
  StrategyPerformance,
  UserContext,
} from '@quantumtrade/dal-domain';

const noon = Date.UTC(2024, 0, 2, 12);

/** Creates a tick some seconds after noon, with decimals that no JSON number can hold. */
export function tickSample(symbol: string, second = 0): MarketData<true> {
  return {
    symbol,
    timestamp: new Date(noon + second * 1000),
    open: '9007199254.12345678',
    high: '9007199254.9',
    low: '-0.00000001',
    close: '101',
    volume: '18446744073709551615.00000001',
    adjustedClose: '101',
    source: 'Börse 株',
    qualityScore: 100,
  };
}

export function featureSet(symbol: string): FeatureSet {
  return {
    symbol,
    timestamp: new Date(noon),
    version: 3,
    features: { rsi_14: 0.1 + 0.2, latest: -1e-300 },
    metadata: { window: '14 d' },
    featureMetadata: { rsi_14: { window: '14 d', unit: '%' }, latest: { window: '14 d', unit: '$' } },
    calculationTimeMs: 7,
  };
}

export function regime(symbol: string): MarketRegime {
  return { symbol, regime: 'trending', confidence: 0.75, timestamp: new Date(noon + 1) };
}

export function selectedStrategy(symbol: string): SelectedStrategy {
  return {
    symbol,
    strategyName: 'momentum',
    marketRegime: 'trending',
    parameters: { window: 20 },
    timestamp: new Date(noon),
  };
}

export function performanceSample(strategyName: string): StrategyPerformance<true> {
  return {
    id: '3f2504e0-4f89-81d3-9a0c-0305e82c3301',
    strategyName,
    marketRegime: 'trending',
    timestamp: new Date(noon),
    accuracyRate: 0.5,
    profitLoss: '-1234.00000001',
    sharpeRatio: 1.25,
    maxDrawdown: -0.25,
    totalTrades: 42,
    winRate: 0.5,
    parameters: { window: 20 },
    marketConditions: {},
  };
}

export function predictionSample(predictionId: string): PredictionRecord<true> {
  return {
    predictionId,
    symbol: 'AAPL',
    timestamp: new Date(noon),
    modelVersion: 'v1',
    strategyName: 'momentum',
    predictionHorizon: 60,
    predictedPrice: '101.5',
    confidence: 0.5,
    marketRegime: 'trending',
    featuresUsed: ['rsi_14'],
    modelLatencyMs: 3,
    strategyParameters: { window: 20 },
  };
}

export function sessionSample(userId: string): SessionData {
  return { userId, startedAt: new Date(noon), attributes: { theme: 'dark', tabs: [1, null, { a: true }] } };
}

export function userContext(userId: string): UserContext {
  return { userId, roles: ['trader'], permissions: ['orders:write'] };
}
