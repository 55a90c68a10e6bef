import type { MarketData } from '../records/market-data.js';
import type { CallOptions } from './call.js';

/** The most recent ticks of each symbol in the order they were appended, to be read now or followed as they come. */
export interface MarketStream {
  /**
   * Adds ticks at the end, all of them or, with `ValidationError` for one that is wrong or another symbol's, none. The oldest beyond
   * the stream's length fall out; the whole stream lives 30 s after its last tick.
   */
  append(symbol: string, ticks: readonly MarketData<true>[], options?: CallOptions): Promise<void>;

  /** The last `limit` ticks, oldest first. */
  recent(symbol: string, limit: number, options?: CallOptions): Promise<MarketData<true>[]>;

  /**
   * The ticks of one or more symbols as they are appended, each once, those of a symbol in order; nothing is said of the
   * order between symbols. Each iteration is a subscription of its own, which begins at its first `next`.
   *
   * A lost connection does not end it: it goes on after the last tick it gave. Where ticks may be missing, because they
   * fell out of the stream or the store lost them before they were read, a `gap` takes their place. Nothing is read ahead
   * of the consumer but one buffer, so that a slow one lags behind in the stream, and gets a gap when it was too slow.
   *
   * It ends when the consumer leaves the loop. It fails with the signal's reason; with `ConnectionError` once the backend
   * is closed; with `ValidationError` when the symbols, the positions or the buffer size are wrong; and with what no
   * reconnection mends, such as a `CacheError` because the key holds something else.
   */
  subscribe(symbols: string | readonly string[], options?: SubscribeOptions): AsyncIterable<MarketStreamItem>;
}

export interface SubscribeOptions {
  /**
   * The position after which to begin, by symbol: that of the last item that was dealt with, or {@link OLDEST_TICK}.
   * Default is the end of the stream: what is appended from now on.
   */
  readonly after?: Readonly<Record<string, string>>;
  /** How many ticks are read at once, and so held at most. Default is 1,000. */
  readonly bufferSize?: number;
  /** Ends the subscription, which then fails with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** An item of a subscription: a tick, or a gap where ticks of the symbol may be missing. */
export type MarketStreamItem =
  | {
      readonly kind: 'tick';
      readonly symbol: string;
      /** Position after this item, from which a next subscription continues. Only its store can interpret it. */
      readonly position: string;
      readonly tick: MarketData<true>;
    }
  | { readonly kind: 'gap'; readonly symbol: string; readonly position: string };

/** The position before all ticks that the stream still holds. */
export const OLDEST_TICK = 'oldest';

/** Ticks kept per symbol. */
export const MARKET_STREAM_LENGTH = 1_000;
