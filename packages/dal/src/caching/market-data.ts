import type {
  BatchResult,
  MarketData,
  MarketDataBatch,
  MarketDataRepository,
  QueryResult,
  ReadOptions,
} from '@quantumtrade/dal-domain';
import { keyspaces, marketData, prepareMarketData, presentRow } from '@quantumtrade/dal-domain';
import { exactnessOf } from './exactness.js';
import type { ReadThrough } from './read-through.js';
import { touchedKeys } from './touched-keys.js';

/**
 * Market data whose latest bar of each symbol is cached under `market:{symbol}:latest`. Reads of one latest bar are
 * served from there; writes keep it in step. Ticks that are published in real time have a key of their own: what is here is
 * in the database.
 */
export function cachedMarketData(
  repository: MarketDataRepository,
  through: ReadThrough,
): MarketDataRepository {
  const latestBars = through.values(
    keyspaces.latestMarketData,
    async ({ symbol }, limits) =>
      (await repository.latest(symbol, 1, { ...limits, exact: true })).data[0] ?? null,
  );
  const withExactness = exactnessOf(marketData);

  async function latestOne<E extends boolean>(
    symbol: string,
    options?: ReadOptions<E>,
  ): Promise<QueryResult<MarketData<E>>> {
    const started = performance.now();
    const atHand = latestBars.peek({ symbol }, options);
    const { value, hit } =
      atHand === undefined ? await latestBars.find({ symbol }, options) : { value: atHand, hit: true };
    const data = value ? [withExactness(value, options?.exact ?? false) as MarketData<E>] : [];
    return {
      data,
      totalCount: data.length,
      executionTimeMs: performance.now() - started,
      cacheHit: hit,
    };
  }

  return {
    insert: (batch, options) =>
      through.write(
        touchedKeys('marketData', batch),
        () => repository.insert(batch, options),
        (result) =>
          newestBars(batch, result).map((value) => ({ keyspace: keyspaces.latestMarketData, value })),
      ),
    find: (params, options) => repository.find(params, options),
    latest: (symbol, limit, options) =>
      limit === 1 && typeof symbol === 'string'
        ? latestOne(symbol, options)
        : repository.latest(symbol, limit, options),
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
