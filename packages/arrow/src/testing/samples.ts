import type { RecordName } from '@quantumtrade/dal-domain';

const MINUTE = 60_000;
const BEFORE_1970 = Date.UTC(1931, 5, 1, 12, 0, 0, 1);
const LARGEST = '9999999999.99999999';
const LARGEST_WIDE = `${'9'.repeat(30)}.99999999`;

const bar = (symbol: string, timestamp: number, price: string, volume: string, qualityScore: number) => ({
  ...{ symbol, timestamp, open: price, high: price, low: price, close: price, adjustedClose: price },
  ...{ volume, qualityScore },
});

const performance = { totalTrades: 4, parameters: { lookback: 20, '': -0.5 }, marketConditions: {} };

/** A batch of each record, with the extremes of each kind. */
export const SAMPLES: Readonly<Record<RecordName, object>> = {
  marketData: {
    source: 'vendor',
    records: [
      bar('A', BEFORE_1970, `-${LARGEST}`, '0', 0),
      bar('A', BEFORE_1970 + MINUTE, '-0.00000001', '0.00000001', 1),
      bar('A', 0, '0', '92233720368.54775807', 2),
      bar('B', 0, LARGEST, '92233720368.54775808', 254),
      bar('日経', Date.UTC(2299, 11, 31), '1234567.12345678', LARGEST_WIDE, 255),
    ],
  },
  sentiment: {
    source: 'newswire',
    records: [0n, 2n ** 53n + 1n, 2n ** 64n - 1n].map((contentHash, i) => ({
      ...{ symbol: 'A', timestamp: i * MINUTE, contentHash, headline: ['', 'Gewinn fällt', '🚀'][i]! },
      ...{ sentimentScore: i - 1, confidence: 0.1, relevanceScore: 1 },
    })),
  },
  features: [0, 1].map((i) => ({
    ...{ symbol: 'A', timestamp: BEFORE_1970 + i * MINUTE, version: 65_535, calculationTimeMs: 2 ** 32 - 1 },
    ...{ features: { rsi: 0.1 + i, sma: -1e300 }, metadata: { unit: '%' } },
  })),
  predictions: {
    ...{ modelVersion: 'gbm-7', strategy: 'momentum' },
    predictions: [[], ['rsi', ''], ['sma']].map((featuresUsed, i) => ({
      ...{ predictionId: `p${i}`, symbol: 'A', timestamp: i, predictionHorizon: 60, predictedPrice: '1.5' },
      ...{ confidence: 0.5, marketRegime: ['bull', 'bear', 'bull'][i]!, featuresUsed, modelLatencyMs: 0.25 },
      strategyParameters: [{}, { lookback: 20, threshold: 0.1 }, { lookback: -0.5 }][i]!,
    })),
  },
  outcomes: {
    outcomes: [`-${LARGEST_WIDE}`, '-92233720368.54775809', '-92233720368.54775808'].map((profitLoss, i) => ({
      ...{ predictionId: `p${i}`, symbol: 'A', timestamp: i, actualPrice: '1', predictedPrice: '2' },
      ...{ accuracyScore: 0.875, profitLoss, strategyName: 'momentum', marketRegime: 'bull' },
      evaluationTimestamp: BEFORE_1970,
    })),
  },
  strategyPerformance: {
    records: Array.from({ length: 10 }, (_, i) => ({
      ...{
        strategyName: 'momentum',
        marketRegime: 'bull',
        timestamp: i,
        profitLoss: '-1.25',
        ...performance,
      },
      ...{ accuracyRate: i % 3 === 0 ? null : 0.5, sharpeRatio: null, maxDrawdown: -0.25, winRate: i / 10 },
    })),
  },
};
