import type { MarketData } from '../records/market-data.js';
import type { CallOptions } from './call.js';

/** Recent ticks of each symbol in the order of appending, to read or to subscribe to. */
export interface MarketStream {
  /**
   * Appends all ticks, or none with `ValidationError` when one is invalid or of another symbol. The oldest beyond
   * {@link MARKET_STREAM_LENGTH} are dropped; the stream expires 30 s after its last tick.
   */
  append(symbol: string, ticks: readonly MarketData<true>[], options?: CallOptions): Promise<void>;

  /** Returns the last `limit` ticks, oldest first. */
  recent(symbol: string, limit: number, options?: CallOptions): Promise<MarketData<true>[]>;

  /**
   * Yields the ticks of one or more symbols as they are appended, each once and in order for each symbol. There is no
   * order between symbols. Each iteration is a separate subscription, which begins at its first `next`.
   *
   * A lost connection does not end it: it continues after the last tick. Where ticks may be missing, because they
   * were dropped, expired or lost before they were read, it yields a `gap`. It reads at most
   * one buffer ahead of the consumer, so a slow consumer lags behind and gets a gap when it is too slow.
   *
   * It ends when the consumer leaves the loop. It fails with the signal's reason; with `ConnectionError` when the backend
   * is closed; with `ValidationError` when the symbols, the positions or the buffer size are invalid; and with any error that
   * a reconnection cannot fix, such as a `CacheError` because the key holds another type.
   */
  subscribe(symbols: string | readonly string[], options?: SubscribeOptions): AsyncIterable<MarketStreamItem>;
}

export interface SubscribeOptions {
  /**
   * Position by symbol after which to begin: that of the last processed item, or {@link OLDEST_TICK}.
   * @default the end of the stream
   */
  readonly after?: Readonly<Record<string, string>>;
  /** Maximum number of ticks read and held at once. @default 1,000 (ticks) */
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

/** Position before the oldest tick of the stream. */
export const OLDEST_TICK = 'oldest';

/** Maximum number of ticks per symbol. */
export const MARKET_STREAM_LENGTH = 1_000;
