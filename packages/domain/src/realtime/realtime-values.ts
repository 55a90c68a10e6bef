import { keyspaces } from '../keyspaces/keyspaces.js';
import type { MarketRegime, SelectedStrategy } from '../keyspaces/values.js';
import type { Cache } from '../ports/cache.js';
import type { CallOptions } from '../ports/call.js';
import type { MarketData } from '../records/market-data.js';
import type { StrategyPerformance } from '../records/strategy-performance.js';
import { TypedKeyspace } from './typed-keyspace.js';

/** Hot values that live only in the cache, by symbol or strategy. Each read gives null when the value's time is over. */
export interface RealtimeValues {
  marketRegime(symbol: string, options?: CallOptions): Promise<MarketRegime | null>;
  setMarketRegime(regime: MarketRegime, options?: CallOptions): Promise<void>;

  selectedStrategy(symbol: string, options?: CallOptions): Promise<SelectedStrategy | null>;
  setSelectedStrategy(strategy: SelectedStrategy, options?: CallOptions): Promise<void>;

  strategyPerformance(strategyName: string, options?: CallOptions): Promise<StrategyPerformance<true> | null>;
  setStrategyPerformance(performance: StrategyPerformance<true>, options?: CallOptions): Promise<void>;

  /** The newest tick published within 30 s. It need not be in the database, nor be the newest bar there. */
  latestTick(symbol: string, options?: CallOptions): Promise<MarketData<true> | null>;
  /** Publishes a tick unless a newer one is there; true when it was taken. */
  setLatestTick(tick: MarketData<true>, options?: CallOptions): Promise<boolean>;
}

/** The realtime values over any cache. */
export function realtimeValues(cache: Cache): RealtimeValues {
  const regimes = new TypedKeyspace(cache, keyspaces.marketRegime);
  const strategies = new TypedKeyspace(cache, keyspaces.selectedStrategy);
  const performances = new TypedKeyspace(cache, keyspaces.strategyPerformance);
  const ticks = new TypedKeyspace(cache, keyspaces.latestTick);
  return {
    marketRegime: (symbol, options) => regimes.get({ symbol }, options),
    setMarketRegime: (regime, options) => regimes.set({ symbol: regime.symbol }, regime, options),
    selectedStrategy: (symbol, options) => strategies.get({ symbol }, options),
    setSelectedStrategy: (strategy, options) =>
      strategies.set({ symbol: strategy.symbol }, strategy, options),
    strategyPerformance: (strategyName, options) => performances.get({ strategyName }, options),
    setStrategyPerformance: (performance, options) =>
      performances.set({ strategyName: performance.strategyName }, performance, options),
    latestTick: (symbol, options) => ticks.get({ symbol }, options),
    setLatestTick: (tick, options) => ticks.setIfNewer({ symbol: tick.symbol }, tick, options),
  };
}
