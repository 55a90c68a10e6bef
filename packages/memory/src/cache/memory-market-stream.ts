import type { CallOptions, MarketData, MarketStream } from '@quantumtrade/dal-domain';
import {
  decodeTicks,
  encodeTicks,
  keyOf,
  keyspaces,
  MARKET_STREAM_LENGTH,
  requireLimit,
} from '@quantumtrade/dal-domain';
import type { ExpiringStore } from './expiring-store.js';

const { pattern, ttlSeconds } = keyspaces.marketStream;

/** The market stream port in memory. */
export class MemoryMarketStream implements MarketStream {
  readonly #store: ExpiringStore;

  constructor(store: ExpiringStore) {
    this.#store = store;
  }

  async append(symbol: string, ticks: readonly MarketData<true>[], options?: CallOptions): Promise<void> {
    const texts = encodeTicks(ticks, 'marketStream.append');
    this.#store.enter(options, 'marketStream.append');
    if (texts.length === 0) return;
    const key = keyOf(pattern, { symbol });
    const list = [...(this.#store.read(key, 'list', 'marketStream.append') ?? []), ...texts];
    this.#store.write(key, { kind: 'list', value: list.slice(-MARKET_STREAM_LENGTH) }, ttlSeconds * 1000);
  }

  async recent(symbol: string, limit: number, options?: CallOptions): Promise<MarketData<true>[]> {
    requireLimit(limit, 'marketStream.recent');
    this.#store.enter(options, 'marketStream.recent');
    const list = this.#store.read(keyOf(pattern, { symbol }), 'list', 'marketStream.recent') ?? [];
    return decodeTicks(list.slice(Math.max(0, list.length - limit)), 'marketStream.recent');
  }
}
