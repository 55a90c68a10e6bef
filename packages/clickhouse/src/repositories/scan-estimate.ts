import type { CallOptions, SelectionPlan } from '@quantumtrade/dal-domain';
import { isDatabaseError, requireScanBudget, ValidationError } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { filterOf } from '../query/filter.js';

/** Throws `ValidationError` when a call would scan more rows than its budget. */
export async function requireBudget(
  sql: Sql,
  operation: string,
  selection: SelectionPlan,
  budget: number | undefined,
  options: CallOptions | undefined,
): Promise<void> {
  if (budget === undefined) return;
  const { where, params } = filterOf(selection);
  const query = `EXPLAIN ESTIMATE SELECT * FROM ${selection.definition.table} ${where}`;
  const parts = await Promise.all(
    sql.shards.map((shard) => sql.shard(shard).rows<{ rows: bigint }>(operation, query, params, options)),
  );
  const rows = parts.flat().reduce((total, part) => total + Number(part.rows), 0);
  requireScanBudget(rows, budget, operation);
}

/**
 * Runs a query that the engine refuses above a scan budget. Throws `ValidationError` with the number of rows that it would scan.
 */
export async function withinBudget<T>(
  sql: Sql,
  operation: string,
  selection: SelectionPlan,
  budget: number | undefined,
  options: CallOptions | undefined,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw await toBudgetError(sql, operation, selection, budget, options, error);
  }
}

/** Returns the error of a call that the engine refused for its scan budget; any other error unchanged. */
export async function toBudgetError(
  sql: Sql,
  operation: string,
  selection: SelectionPlan,
  budget: number | undefined,
  options: CallOptions | undefined,
  error: unknown,
): Promise<unknown> {
  // Without a budget, the limit is one of the user's profile.
  if (budget === undefined || !isDatabaseError(error) || error.kind !== 'SCAN_LIMIT') return error;
  try {
    await requireBudget(sql.continuing, operation, selection, budget, options);
  } catch (refusal) {
    return refusal;
  }
  return new ValidationError('maxScanRows', `must be higher: the call scans more than ${budget} rows`, {
    operation,
  });
}
