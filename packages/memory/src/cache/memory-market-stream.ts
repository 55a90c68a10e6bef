import { randomUUID } from 'node:crypto';
import type {
  CallOptions,
  TickLook,
  MarketData,
  MarketStream,
  MarketStreamItem,
  SubscribeOptions,
  TickSource,
} from '@quantumtrade/dal-domain';
import {
  decodeTicks,
  encodeTicks,
  keyOf,
  keyspaces,
  MARKET_STREAM_LENGTH,
  OLDEST_TICK,
  requireLimit,
  subscribeToTicks,
  ValidationError,
} from '@quantumtrade/dal-domain';
import type { ExpiringStore } from './memory-cache.js';

const { pattern, ttlSeconds } = keyspaces.marketStream;
const SUBSCRIBE = 'marketStream.subscribe';

/** The number of the last tick read: those of a symbol are counted from 1 on. Undefined before all that are there. */
interface Cursor {
  readonly number: number | undefined;
}

/** The market stream port in memory. */
export class MemoryMarketStream implements MarketStream {
  readonly #store: ExpiringStore;
  /** Number of ticks ever appended to each stream. It outlives the stream, so that subscriptions detect missing ticks. */
  readonly #counts = new Map<string, number>();
  /** Distinguishes positions of this stream from those of another process. */
  readonly #id = randomUUID();
  readonly #source: TickSource<Cursor> = {
    cursorAfter: (position) => this.#cursorAfter(position),
    look: (...look) => this.#look(...look),
    watch: (symbols, onNews) => this.#watch(symbols, onNews),
  };

  constructor(store: ExpiringStore) {
    this.#store = store;
  }

  async append(symbol: string, ticks: readonly MarketData<true>[], options?: CallOptions): Promise<void> {
    const texts = encodeTicks(symbol, ticks, 'marketStream.append');
    this.#store.enter(options, 'marketStream.append');
    if (texts.length === 0) return;
    const key = keyOf(pattern, { symbol });
    const list = [...(this.#store.read(key, 'list', 'marketStream.append') ?? []), ...texts];
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + texts.length);
    this.#store.write(key, { kind: 'list', value: list.slice(-MARKET_STREAM_LENGTH) }, ttlSeconds * 1000);
  }

  async recent(symbol: string, limit: number, options?: CallOptions): Promise<MarketData<true>[]> {
    requireLimit(limit, 'marketStream.recent');
    this.#store.enter(options, 'marketStream.recent');
    const list = this.#store.read(keyOf(pattern, { symbol }), 'list', 'marketStream.recent') ?? [];
    return decodeTicks(list.slice(Math.max(0, list.length - limit)), 'marketStream.recent');
  }

  subscribe(
    symbols: string | readonly string[],
    options?: SubscribeOptions,
  ): AsyncIterable<MarketStreamItem> {
    return subscribeToTicks(this.#source, symbols, options);
  }

  async #look(symbol: string, cursor: Cursor | undefined, count: number): Promise<TickLook<Cursor>> {
    this.#store.enter(undefined, SUBSCRIBE);
    const key = keyOf(pattern, { symbol });
    const list = this.#store.read(key, 'list', SUBSCRIBE) ?? [];
    const newest = this.#counts.get(key) ?? 0;
    if (!cursor) return { items: [], cursor: { number: newest }, hasMore: false };
    const oldest = newest - list.length + 1;
    const { number = oldest - 1 } = cursor;
    const after = Math.max(number, oldest - 1);
    const texts = list.slice(after + 1 - oldest).slice(0, count);
    const at = (position: number) => ({ symbol, position: `${position}@${this.#id}` });
    const ticks = decodeTicks(texts, SUBSCRIBE).map((tick, i) => ({
      kind: 'tick' as const,
      ...at(after + 1 + i),
      tick,
    }));
    return {
      items: number < after ? [{ kind: 'gap', ...at(after) }, ...ticks] : ticks,
      cursor: { number: after + ticks.length },
      hasMore: after + ticks.length < newest,
    };
  }

  #cursorAfter(position: string): Cursor {
    if (position === OLDEST_TICK) return { number: undefined };
    const [, number, id] = /^(\d+)@([\w-]+)$/.exec(position) ?? [];
    if (number === undefined) {
      throw new ValidationError('after', 'must be a position of a market stream', { operation: SUBSCRIBE });
    }
    // What another process was given is gone.
    return { number: id === this.#id ? Number(number) : -1 };
  }

  #watch(symbols: readonly string[], onNews: (symbol: string) => void): () => void {
    const byKey = new Map(symbols.map((symbol) => [keyOf(pattern, { symbol }), symbol]));
    return this.#store.watch({
      onInvalidated(keys) {
        for (const key of keys) if (byKey.has(key)) onNews(byKey.get(key)!);
      },
      onDisconnected: () => symbols.forEach(onNews),
    });
  }
}
