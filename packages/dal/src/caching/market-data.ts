import type { ReadThroughCache, WrittenValue } from '@quantumtrade/dal-cache';
import type {
  MarketData,
  MarketDataBatch,
  MarketDataRepository,
  QueryResult,
  ReadOptions,
} from '@quantumtrade/dal-domain';
import { affectedKeys, keyspaces, marketData, READ_OPTIONS, requireValues } from '@quantumtrade/dal-domain';
import type { CachedMethods } from '../observation.js';
import { cachedEntries } from './cached-entries.js';
import { exactnessOf } from './exactness.js';
import { isPlainData, writtenValues } from './written-values.js';

type LatestBar<E extends boolean> = QueryResult<MarketData<E>>;

/**
 * Caches the latest bar of each symbol under `market:{symbol}:latest` for reads of one latest bar. Writes keep it coherent.
 * Ticks that are published in real time have a key of their own: a bar that is cached here is in the database.
 */
export function cachedMarketData(
  repository: MarketDataRepository,
  cache: ReadThroughCache,
): CachedMethods<MarketDataRepository> {
  const latestBars = cache.values(
    keyspaces.latestMarketData,
    async ({ symbol }, limits) =>
      (await repository.latest(symbol, 1, { ...limits, exact: true })).data[0] ?? null,
    READ_OPTIONS,
  );
  const withExactness = exactnessOf(marketData);

  function resultOf<E extends boolean>(
    bar: MarketData<true> | null,
    cacheHit: boolean,
    executionTimeMs: number,
    options: ReadOptions<E> | undefined,
  ): LatestBar<E> {
    const data = bar ? [withExactness(bar, options?.exact ?? false) as MarketData<E>] : [];
    return { data, totalCount: data.length, executionTimeMs, cacheHit };
  }

  async function latestBar<E extends boolean>(
    symbol: string,
    options: ReadOptions<E> | undefined,
  ): Promise<LatestBar<E>> {
    const startedAt = performance.now();
    const { value, hit } = await latestBars.find({ symbol }, options);
    return resultOf(value, hit, performance.now() - startedAt, options);
  }

  async function latestBarOfEach<E extends boolean>(
    symbols: readonly string[],
    options: ReadOptions<E> | undefined,
  ): Promise<Map<string, MarketData<E>[]>> {
    const wanted = requireValues(marketData.fields.symbol, 'symbols', symbols, 'marketData.latestMany');
    return cachedEntries(
      wanted,
      {
        values: latestBars,
        part: 'symbol',
        load: async (missing, limits) => {
          const found = await repository.latestMany(missing, 1, { ...limits, exact: true });
          return missing.map((symbol) => found.get(symbol)?.[0] ?? null);
        },
        convert: (bar) => [withExactness(bar, options?.exact ?? false) as MarketData<E>],
      },
      options,
    );
  }

  return {
    calls: {
      insert: (batch, options) =>
        cache.write(
          affectedKeys('marketData', batch),
          () => repository.insert(batch, options),
          () => writtenValues(() => newestBars(batch)),
        ),
      latest: (symbol, limit, options) =>
        limit === 1 && typeof symbol === 'string'
          ? latestBar(symbol, options)
          : repository.latest(symbol, limit, options),
      latestMany: (symbols, limit, options) =>
        // Calls that allow missing shards do not come here.
        (limit === 1
          ? latestBarOfEach(symbols, options)
          : repository.latestMany(symbols, limit, options)) as Promise<never>,
    },
    atHand: {
      latest: (symbol, limit, options) => {
        if (limit !== 1) return undefined;
        const bar = latestBars.peek({ symbol }, options);
        return bar && resultOf(bar, true, 0, options);
      },
    },
  };
}

type InputBar = MarketDataBatch['records'][number] & { readonly source?: string };

/** Returns a copy of the newest bar of each symbol in a batch; of bars with one instant the last, as the store keeps it. */
function newestBars({ source, records }: MarketDataBatch): WrittenValue[] {
  const newest = new Map<string, InputBar>();
  for (const record of records) {
    const known = newest.get(record.symbol);
    if (!known || Number(record.timestamp) >= Number(known.timestamp)) newest.set(record.symbol, record);
  }
  const bars: WrittenValue[] = [];
  for (const bar of newest.values()) {
    if (!isPlainData(bar)) continue;
    const timestamp = typeof bar.timestamp === 'number' ? bar.timestamp : new Date(bar.timestamp);
    const value: InputBar = { ...bar, source, timestamp };
    bars.push({ keyspace: keyspaces.latestMarketData, value });
  }
  return bars;
}
