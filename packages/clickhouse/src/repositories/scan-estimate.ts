import type { CallOptions, SelectionPlan } from '@quantumtrade/dal-domain';
import { requireScanBudget } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { filterOf } from './filter.js';

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
  const parts = await sql.rows<{ rows: bigint }>(operation, query, params, options);
  const rows = parts.reduce((total, part) => total + Number(part.rows), 0);
  requireScanBudget(rows, budget, operation);
}
