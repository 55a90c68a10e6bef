import type { SentimentRepository } from '@quantumtrade/dal-domain';
import { sentiment } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { TableReader } from './table-reader.js';
import type { TableWriter } from '../writing/table-writer.js';

export function sentimentRepository(sql: Sql, writer: TableWriter): SentimentRepository {
  const reader = new TableReader(sql, sentiment);
  return {
    insert: async (batch, options) => writer.write('sentiment', batch, options),
    find: async (params, options) => reader.find(params, options),
    latest: async (symbol, limit, options) => reader.latest('symbol', symbol, limit, options),
  };
}
