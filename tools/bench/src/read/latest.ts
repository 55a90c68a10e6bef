import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { Result } from '../bench.js';
import { startRedisServer } from '../cache/redis-server.js';
import { anyOf } from '../random.js';
import { openLayer } from './cached.js';
import type { ReadCase, ReadContext } from './case.js';
import { latestBars } from './latest-bars.js';
import { oneCaller } from './one-caller.js';
import type { BarTable } from './tables.js';

const CALLS = 1 << 10;

/** Reads the latest bar of a symbol by one caller, uncached and through the cache. */
export const latest: ReadCase = async function* (context) {
  for (const state of ['merged', 'inserted'] as const) {
    const table = await context.tables.of200(state);
    const symbols = anyOf(table.series.symbols, CALLS);
    const { ours, raw } = latestBars(table);
    yield* oneCaller(context, `latest bar, one caller, ${state} parts`, table.state, {
      ours: (n) => ours(symbols[n % CALLS]!),
      '@clickhouse/client json()': (n) => raw(symbols[n % CALLS]!),
    });
  }
  yield* throughCache(context, await context.tables.ofMany());
};

/** Each value is brought into the cache beforehand, and is then read from this process or from Redis. */
async function* throughCache(context: ReadContext, table: BarTable): AsyncGenerator<Result> {
  const redis = await startRedisServer();
  const { symbols } = table.series;
  const open = () => openLayer(context.server, table, redis.url);
  const [inProcess, writer, inRedis] = [await open(), await open(), await open()];
  const read = (layer: DatabaseAbstraction, symbolOf: (n: number) => string) => async (n: number) => {
    const { cacheHit } = await layer.getLatestMarketData(symbolOf(n), 1);
    if (!cacheHit) throw new Error(`the latest bar of ${symbolOf(n)} is not in the cache`);
  };
  try {
    await Promise.all(symbols.slice(0, CALLS).map((symbol) => writer.getLatestMarketData(symbol, 1)));
    const one = symbols[0]!;
    for (let n = 0; n < 2; n++) await inProcess.getLatestMarketData(one, 1);
    yield* oneCaller(context, 'latest bar through the cache', table.state, {
      ours: read(inProcess, () => one),
      'ours, from Redis': read(inRedis, (n) => symbols[n]!),
    });
  } finally {
    await Promise.all([inProcess, writer, inRedis].map((layer) => layer.close()));
    await redis.stop();
  }
}
