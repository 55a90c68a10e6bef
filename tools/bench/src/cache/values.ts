import type { FeatureSet, Keyspace } from '@quantumtrade/dal-domain';
import { keyspaces } from '@quantumtrade/dal-domain';

/** Longer than a bench takes. */
export const TTL_SECONDS = 3_600;

const { pattern, codec } = keyspaces.latestFeatures;

/** Values of all sides: the features of symbols, some 400 bytes of JSON each. */
export const featureKeyspace: Keyspace<typeof pattern, FeatureSet> = {
  pattern,
  codec,
  ttlSeconds: TTL_SECONDS,
};

export function featuresOf(symbol: string, version = 1): FeatureSet {
  return {
    symbol,
    timestamp: new Date(Date.UTC(2024, 0, 2, 14, 30)),
    version,
    features: Object.fromEntries(NAMES.map((name, i) => [name, (i + 1) / 7])),
    metadata: { source: 'bench', model: 'momentum-2' },
    featureMetadata: {},
    calculationTimeMs: 12,
  };
}

const NAMES = [
  'rsi_14',
  'macd',
  'macd_signal',
  'ema_12',
  'ema_26',
  'atr_14',
  'vwap',
  'obv',
  'adx_14',
  'cci_20',
];
