import type {
  BatchResult,
  Cache,
  MarketData,
  MarketDataBatch,
  MarketDataRepository,
  QueryResult,
  ReadOptions,
} from '@quantumtrade/dal-domain';
import {
  keyspaces,
  marketData,
  prepareMarketData,
  presentRow,
  TypedKeyspace,
  withExactness,
} from '@quantumtrade/dal-domain';
import type { CacheObserver } from './read-through.js';
import { readThrough, tolerant } from './read-through.js';

/**
 * Market data whose latest bar of each symbol is cached under `market:{symbol}:latest`. Reads of one latest bar are
 * served from there; writes keep it in step.
 */
export function cachedMarketData(
  repository: MarketDataRepository,
  cache: Cache,
  observer: CacheObserver,
): MarketDataRepository {
  const latestBars = new TypedKeyspace(cache, keyspaces.latestMarketData);

  async function latestOne<E extends boolean>(
    symbol: string,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<MarketData<E>>> {
    const started = performance.now();
    const { value, hit } = await readThrough(
      observer,
      () => latestBars.get({ symbol }, options),
      async () => (await repository.latest(symbol, 1, { ...options, exact: true })).data[0] ?? null,
      (bar) => latestBars.setIfNewer({ symbol }, bar, options),
    );
    const data = value ? [withExactness(marketData, value, options?.exact ?? false) as MarketData<E>] : [];
    return {
      data,
      totalCount: data.length,
      executionTimeMs: performance.now() - started,
      cacheHit: hit,
    };
  }

  return {
    async insert(batch, options) {
      const result = await repository.insert(batch, options);
      await tolerant(
        () => Promise.all(newestBars(batch, result).map((bar) => latestBars.replaceIfNewer(bar, bar))),
        [],
      );
      return result;
    },
    find: (params, options) => repository.find(params, options),
    latest: (symbol, limit, options) =>
      limit === 1 ? latestOne(symbol, options) : repository.latest(symbol, limit, options),
  };
}

/** The newest accepted bar of each symbol in a batch; of equals the last, as the store keeps it. */
function newestBars(batch: MarketDataBatch, result: BatchResult): MarketData<true>[] {
  const refused = new Set(result.errors.map((error) => error.index));
  const newest = new Map<string, MarketDataBatch['records'][number]>();
  batch.records.forEach((record, index) => {
    if (refused.has(index)) return;
    const known = newest.get(record.symbol);
    if (!known || Number(record.timestamp) >= Number(known.timestamp)) newest.set(record.symbol, record);
  });
  return prepareMarketData({ ...batch, records: [...newest.values()] }, 0).rows.map(({ row }) =>
    presentRow(marketData, row, true),
  );
}
