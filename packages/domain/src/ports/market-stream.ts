import type { MarketData } from '../records/market-data.js';
import type { CallOptions } from './call.js';

/** The most recent ticks of each symbol in the order they were appended. */
export interface MarketStream {
  /** Adds ticks at the end. The oldest beyond the stream's length fall out; the whole stream lives 30 s after its last tick. */
  append(symbol: string, ticks: readonly MarketData<true>[], options?: CallOptions): Promise<void>;

  /** The last `limit` ticks, oldest first. */
  recent(symbol: string, limit: number, options?: CallOptions): Promise<MarketData<true>[]>;
}

/** Ticks kept per symbol. */
export const MARKET_STREAM_LENGTH = 1_000;
