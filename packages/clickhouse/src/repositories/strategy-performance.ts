import type { StrategyPerformanceRepository } from '@quantumtrade/dal-domain';
import { prepareStrategyPerformance, strategyPerformance } from '@quantumtrade/dal-domain';
import type { Sql } from '../client/sql.js';
import { TableReader } from './table-reader.js';
import type { TableWriter } from './table-writer.js';

export function strategyPerformanceRepository(sql: Sql, writer: TableWriter): StrategyPerformanceRepository {
  const reader = new TableReader(sql, strategyPerformance);
  return {
    insert: async (batch, options) => writer.write((now) => prepareStrategyPerformance(batch, now), options),
    find: async (params, options) => reader.find(params, options),
    latest: async (strategyName, options) =>
      (await reader.latest('strategyName', strategyName, 1, options)).data[0] ?? null,
  };
}
