import { ValidationError } from '../errors.js';
import type { QueryPlan } from './query.js';
import { hasOneFirstValue } from './query.js';

/** Default limit of a page. */
export const DEFAULT_PAGE_ROWS = 10_000;

/** Default number of rows that a read may scan. */
export const SCAN_BUDGET_ROWS = 1_000_000_000;

/**
 * Returns the number of rows that a find or stream may scan; undefined where it needs no budget, because it reads rows in the
 * order in which they are stored, or in any order, and stops at its limit. Reads of whole columns and aggregates always have a budget.
 */
export function scanBudgetOf(plan: QueryPlan, budgetRows: number): number | undefined {
  if (plan.order.by !== 'time') return undefined;
  return plan.maxScanRows ?? (hasOneFirstValue(plan) ? undefined : budgetRows);
}

/** Throws `ValidationError` naming `maxScanRows` when a call would scan more rows than its budget. */
export function requireScanBudget(rows: number, budget: number | undefined, operation: string): void {
  if (budget === undefined || rows <= budget) return;
  const reason = `would have to be at least ${rows}: the call scans as many rows, and may scan ${budget}`;
  throw new ValidationError('maxScanRows', reason, { operation });
}
