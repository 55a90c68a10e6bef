import type {
  MarketData,
  MarketDataBatch,
  MarketDataRepository,
  QueryResult,
  ReadOptions,
} from '@quantumtrade/dal-domain';
import {
  affectedKeys,
  keyspaces,
  marketData,
  prepareRowBatch,
  toOutputRow,
  READ_OPTIONS,
} from '@quantumtrade/dal-domain';
import { exactnessOf } from './exactness.js';
import type { ReadThrough } from './read-through.js';
import { isPlainData, writtenValues } from './written-values.js';

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
    READ_OPTIONS,
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
    insert: (batch, options) => {
      const newest = writtenValues(() => newestBars(batch));
      return through.write(
        affectedKeys('marketData', batch),
        () => repository.insert(batch, options),
        (result) => newest(result).map((value) => ({ keyspace: keyspaces.latestMarketData, value })),
      );
    },
    find: (params, options) => repository.find(params, options),
    latest: (symbol, limit, options) =>
      limit === 1 && typeof symbol === 'string'
        ? latestOne(symbol, options)
        : repository.latest(symbol, limit, options),
  };
}

/** The newest bar of each symbol in a batch; of equals the last, as the store keeps it. */
function newestBars(batch: MarketDataBatch): MarketData<true>[] {
  const newest = new Map<string, MarketDataBatch['records'][number]>();
  for (const record of batch.records) {
    const known = newest.get(record.symbol);
    if (!known || Number(record.timestamp) >= Number(known.timestamp)) newest.set(record.symbol, record);
  }
  const records = [...newest.values()].filter(isPlainData);
  return prepareRowBatch('marketData', { ...batch, records }, 0n).rows.map(({ row }) =>
    toOutputRow(marketData, row, true),
  );
}
