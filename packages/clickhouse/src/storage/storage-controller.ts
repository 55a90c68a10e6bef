import type { CallOptions } from '@quantumtrade/dal-domain';
import { requireType, ValidationError } from '@quantumtrade/dal-domain';
import {
  APPLY_RETENTION_OPTIONS,
  type StorageController,
  type TableRetention,
} from '@quantumtrade/dal-domain/operations';
import type { Sql } from '../connection/sql.js';
import { APPLY, type RetentionPlan } from './retention-plan.js';

const PLAN = 'storage.plan';

/** Returns the controller of the storage of a database's tables. */
export function storageController(
  sql: Sql,
  usage: StorageController['usage'],
  planFor: (operation: string, options: CallOptions) => Promise<RetentionPlan>,
): StorageController {
  return {
    usage,
    plan: async (options = {}) => {
      sql.checkOpen(PLAN, options);
      return (await planFor(PLAN, options)).tables;
    },
    apply: async (options = {}) => {
      sql.checkOpen(APPLY, options, APPLY_RETENTION_OPTIONS);
      const { deleteRows = false, ...call } = options;
      requireType('deleteRows', deleteRows, 'boolean', APPLY);
      const { tables, apply } = await planFor(APPLY, call);
      if (!deleteRows) requireNoLoss(tables.filter(({ statement }) => statement !== null));
      await apply(call);
      return tables;
    },
  };
}

function requireNoLoss(tables: readonly TableRetention[]): void {
  const losses = tables
    .map(({ table, expired }) => ({ table, rows: expired.reduce((sum, { rows }) => sum + rows, 0) }))
    .filter(({ rows }) => rows > 0)
    .map(({ table, rows }) => `${rows} rows of ${table}`);
  if (losses.length === 0) return;
  const reason = `must be true: applying the retention deletes ${losses.join(', ')}`;
  throw new ValidationError('deleteRows', reason, { operation: APPLY });
}
