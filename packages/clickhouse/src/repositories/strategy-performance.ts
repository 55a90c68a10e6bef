import type { StrategyPerformanceRepository } from '@quantumtrade/dal-domain';
import { strategyPerformance } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { TableReader } from './table-reader.js';
import type { TableWriter } from '../writing/table-writer.js';

export function strategyPerformanceRepository(sql: Sql, writer: TableWriter): StrategyPerformanceRepository {
  const reader = new TableReader(sql, strategyPerformance);
  return {
    insert: async (batch, options) => writer.write('strategyPerformance', batch, options),
    find: async (params, options) => reader.find(params, options),
    latest: async (strategyName, options) =>
      (await reader.latest('strategyName', strategyName, 1, options)).data[0] ?? null,
  };
}
