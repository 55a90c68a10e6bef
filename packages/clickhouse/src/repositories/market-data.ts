import type { MarketDataRepository } from '@quantumtrade/dal-domain';
import { marketData } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { TableReader } from './table-reader.js';
import type { TableWriter } from '../writing/table-writer.js';

export function marketDataRepository(sql: Sql, writer: TableWriter): MarketDataRepository {
  const reader = new TableReader(sql, marketData);
  return {
    insert: async (batch, options) => writer.write('marketData', batch, options),
    find: async (params, options) => reader.find(params, options),
    latest: async (symbol, limit, options) => reader.latest('symbol', symbol, limit, options),
  };
}
