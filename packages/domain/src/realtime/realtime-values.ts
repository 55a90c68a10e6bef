import { keyspaces } from '../keyspaces/keyspaces.js';
import type { MarketRegime, SelectedStrategy } from '../keyspaces/values.js';
import type { CallOptions } from '../ports/call.js';
import type { MarketData } from '../records/market-data.js';
import type { StrategyPerformance } from '../records/strategy-performance.js';
import type { OpenKeyspace } from './typed-keyspace.js';
import { partOf } from './cache-value.js';

/**
 * Values that exist only in the cache, by symbol or strategy. Each read returns null when the value has expired. A value
 * may be shared with other readers, and frozen. A write stores its value unless one with a later `timestamp` exists, and returns
 * whether it did.
 */
export interface RealtimeValues {
  marketRegime(symbol: string, options?: CallOptions): Promise<MarketRegime | null>;
  setMarketRegime(regime: MarketRegime, options?: CallOptions): Promise<boolean>;

  selectedStrategy(symbol: string, options?: CallOptions): Promise<SelectedStrategy | null>;
  setSelectedStrategy(strategy: SelectedStrategy, options?: CallOptions): Promise<boolean>;

  strategyPerformance(strategyName: string, options?: CallOptions): Promise<StrategyPerformance<true> | null>;
  setStrategyPerformance(performance: StrategyPerformance<true>, options?: CallOptions): Promise<boolean>;

  /** Returns the newest tick published within 30 s. It need not be in the database, nor be the newest bar there. */
  latestTick(symbol: string, options?: CallOptions): Promise<MarketData<true> | null>;
  setLatestTick(tick: MarketData<true>, options?: CallOptions): Promise<boolean>;
}

/** Creates the realtime values over keyspaces, e.g. of `typedKeyspaces`. */
export function realtimeValues(open: OpenKeyspace): RealtimeValues {
  const regimes = open(keyspaces.marketRegime);
  const strategies = open(keyspaces.selectedStrategy);
  const performances = open(keyspaces.strategyPerformance);
  const ticks = open(keyspaces.latestTick);
  return {
    marketRegime: (symbol, options) => regimes.get({ symbol }, options),
    setMarketRegime: async (regime, options) =>
      regimes.setIfNewer({ symbol: partOf(regime, 'symbol') }, regime, options),
    selectedStrategy: (symbol, options) => strategies.get({ symbol }, options),
    setSelectedStrategy: async (strategy, options) =>
      strategies.setIfNewer({ symbol: partOf(strategy, 'symbol') }, strategy, options),
    strategyPerformance: (strategyName, options) => performances.get({ strategyName }, options),
    setStrategyPerformance: async (performance, options) =>
      performances.setIfNewer({ strategyName: partOf(performance, 'strategyName') }, performance, options),
    latestTick: (symbol, options) => ticks.get({ symbol }, options),
    setLatestTick: async (tick, options) =>
      ticks.setIfNewer({ symbol: partOf(tick, 'symbol') }, tick, options),
  };
}
