import type { OutcomeRepository } from '@quantumtrade/dal-domain';
import { outcome } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { TableReader } from './table-reader.js';
import type { TableWriter } from '../writing/table-writer.js';

export function outcomeRepository(sql: Sql, writer: TableWriter): OutcomeRepository {
  const reader = new TableReader(sql, outcome);
  return {
    insert: async (batch, options) => writer.write('outcomes', batch, options),
    find: async (params, options) => reader.find(params, options),
  };
}
