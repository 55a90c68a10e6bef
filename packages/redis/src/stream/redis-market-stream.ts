import type {
  CallOptions,
  MarketData,
  MarketStream,
  MarketStreamItem,
  SubscribeOptions,
} from '@quantumtrade/dal-domain';
import {
  decodeTicks,
  encodeTicks,
  keyOf,
  keyspaces,
  MARKET_STREAM_LENGTH,
  requireLimit,
  subscribeToTicks,
} from '@quantumtrade/dal-domain';
import type { RunCommand } from '../commands/redis-commands.js';
import type { AppendNotices } from './append-notices.js';
import { RedisTickSource } from './redis-tick-source.js';
import { appendTicks, recentTicks } from './stream-scripts.js';

const { pattern, ttlSeconds } = keyspaces.marketStream;

/** Market stream port on Redis: one Redis stream per symbol. */
export class RedisMarketStream implements MarketStream {
  readonly #run: RunCommand;
  readonly #ttlMs: number;
  readonly #source: RedisTickSource;

  constructor(run: RunCommand, notices: AppendNotices, ttlMs = ttlSeconds * 1000) {
    this.#run = run;
    this.#ttlMs = ttlMs;
    this.#source = new RedisTickSource(run, notices, ttlMs);
  }

  async append(symbol: string, ticks: readonly MarketData<true>[], options?: CallOptions): Promise<void> {
    const operation = 'marketStream.append';
    const kept = encodeTicks(symbol, ticks, operation).slice(-MARKET_STREAM_LENGTH);
    const hasOmitted = kept.length < ticks.length ? 1 : 0;
    const args = [MARKET_STREAM_LENGTH, this.#ttlMs, hasOmitted, ...kept];
    await this.#run(operation, options, async (redis) => {
      if (kept.length > 0) await redis.evaluate(appendTicks, keyOf(pattern, { symbol }), args);
    });
  }

  async recent(symbol: string, limit: number, options?: CallOptions): Promise<MarketData<true>[]> {
    const operation = 'marketStream.recent';
    const count = requireLimit(limit, operation);
    const reply = await this.#run(
      operation,
      options,
      async (redis) => (count > 0 ? redis.evaluate(recentTicks, keyOf(pattern, { symbol }), [count]) : []),
      recentTicks,
    );
    return decodeTicks((reply as string[]).reverse(), operation);
  }

  subscribe(
    symbols: string | readonly string[],
    options?: SubscribeOptions,
  ): AsyncIterable<MarketStreamItem> {
    return subscribeToTicks(this.#source, symbols, options);
  }
}
