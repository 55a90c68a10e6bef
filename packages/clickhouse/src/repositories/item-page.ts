import type { CallOptions, Page, PagePlan, Row } from '@quantumtrade/dal-domain';
import { endOfPage, needsCount, positionOf, scanBudgetOf } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { Filter } from './filter.js';
import { filterOf } from './filter.js';
import { requireBudget } from './scan-estimate.js';

/** How the items of a page are read: rows, or sets of rows. */
export interface PageReader<T> {
  readonly scanBudgetRows: number;
  read(): Promise<T[]>;
  /** The count of all items, without the filter. */
  readonly count: string;
  /** Returns a row with the values on which an item's position depends. */
  keyRow(item: T): Row;
  toOutput(item: T): object;
}

/** Reads a page of items: reads one item more than the limit, and counts all of them when it has to. */
export async function readItemPage<T>(
  sql: Sql,
  operation: string,
  plan: PagePlan,
  options: CallOptions | undefined,
  { scanBudgetRows, read, count, keyRow, toOutput }: PageReader<T>,
): Promise<Page<object>> {
  const started = performance.now();
  await requireBudget(sql, operation, plan, scanBudgetOf(plan, scanBudgetRows), options);
  const items = await read();
  const hasMore = items.length > plan.limit;
  const shown = hasMore ? items.slice(0, plan.limit) : items;
  const last = shown.at(-1);
  let totalCount: number | null = hasMore || plan.after !== undefined ? null : shown.length;
  if (needsCount(plan, hasMore)) {
    const { where, params } = filterOf(plan);
    totalCount = await countOf(sql, operation, `${count} ${where}`, params, options);
  }
  return {
    data: shown.map(toOutput),
    totalCount,
    ...endOfPage(plan, hasMore, last && positionOf(plan.order, keyRow(last))),
    executionTimeMs: performance.now() - started,
    cacheHit: false,
  };
}

/** The number that a query with one column `count` gives, for a call whose rows were read. */
export async function countOf(
  sql: Sql,
  operation: string,
  query: string,
  params: Filter['params'],
  options: CallOptions | undefined,
): Promise<number> {
  const [row] = await sql.continuing.rows<{ count: bigint }>(operation, query, params, options);
  return Number(row?.count);
}
