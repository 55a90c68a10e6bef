import type { FeatureSet, Keyspace } from '@quantumtrade/dal-domain';
import { keyspaces } from '@quantumtrade/dal-domain';
import { sequence } from '../random.js';

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

export const symbolNames = (count: number): string[] => Array.from({ length: count }, (_, n) => `SYM${n}`);

/** So many of these, at random, each as likely as any other. */
export function anyOf<T>(things: readonly T[], count: number, seed = 1): T[] {
  const random = sequence(seed);
  return Array.from({ length: count }, () => things[random() % things.length]!);
}

/** So many of these by Zipf's law with an exponent of 1: the second half as often as the first, the third a third. */
export function zipf<T>(things: readonly T[], count: number, seed = 1): T[] {
  const random = sequence(seed);
  const sums = new Float64Array(things.length);
  let sum = 0;
  for (let i = 0; i < sums.length; i++) sums[i] = sum += 1 / (i + 1);
  const rankOf = (mark: number) => {
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! <= mark) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return Array.from({ length: count }, () => things[rankOf((random() / 2 ** 32) * sum)]!);
}

/** Cut into pieces of one length, a shorter one at the end. */
export function slices<T>(things: readonly T[], length: number): T[][] {
  const count = Math.ceil(things.length / length);
  return Array.from({ length: count }, (_, n) => things.slice(n * length, (n + 1) * length));
}
