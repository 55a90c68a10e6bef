import type { CallOptions, MarketData, MarketStream } from '@quantumtrade/dal-domain';
import {
  decodeTicks,
  encodeTicks,
  keyOf,
  keyspaces,
  MARKET_STREAM_LENGTH,
  requireLimit,
} from '@quantumtrade/dal-domain';
import type { RunCommand, Script } from '../client/commands.js';

const { pattern, ttlSeconds } = keyspaces.marketStream;

/** Appends to a bounded list. ARGV: its length, its life in ms, and the entries. */
export const appendToList: Script = {
  name: 'qtdalAppendToList',
  lua: `
redis.call('RPUSH', KEYS[1], unpack(ARGV, 3))
redis.call('LTRIM', KEYS[1], -ARGV[1], -1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
`,
};

/** The market stream port on Redis: a list for each symbol. */
export class RedisMarketStream implements MarketStream {
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  async append(symbol: string, ticks: readonly MarketData<true>[], options?: CallOptions): Promise<void> {
    const operation = 'marketStream.append';
    const kept = encodeTicks(ticks, operation).slice(-MARKET_STREAM_LENGTH);
    const args = [MARKET_STREAM_LENGTH, ttlSeconds * 1000, ...kept];
    await this.#run(operation, options, async (redis) => {
      if (kept.length > 0) await redis.evaluate(appendToList, keyOf(pattern, { symbol }), args);
    });
  }

  async recent(symbol: string, limit: number, options?: CallOptions): Promise<MarketData<true>[]> {
    const operation = 'marketStream.recent';
    const count = requireLimit(limit, operation);
    const texts = await this.#run(operation, options, async (redis) =>
      count > 0 ? redis.lrange(keyOf(pattern, { symbol }), -count, -1) : [],
    );
    return decodeTicks(texts, operation);
  }
}
