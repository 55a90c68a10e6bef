import type { CallOptions, Page, PagePlan, Row } from '@quantumtrade/dal-domain';
import { endOfPage, needsCount, positionOf, scanBudgetOf } from '@quantumtrade/dal-domain';
import type { Sql, SqlParams } from '../connection/sql.js';
import { filterOf } from './filter.js';
import { requireBudget } from './scan-estimate.js';

/** How the items of a page are read: rows, or sets of rows. */
export interface ItemReader<T> {
  readonly scanBudgetRows: number;
  read(): Promise<readonly T[]>;
  /** The count of all items, without the filter. */
  readonly count: string;
}

/** The items of a page as they were read. */
export interface ItemPage<T> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
  readonly totalCount: number | null;
}

/** Reads the items of a page: one item more than the limit, and the count of all of them when it has to. */
export async function readItems<T>(
  sql: Sql,
  operation: string,
  plan: PagePlan,
  options: CallOptions | undefined,
  { scanBudgetRows, read, count }: ItemReader<T>,
): Promise<ItemPage<T>> {
  await requireBudget(sql, operation, plan, scanBudgetOf(plan, scanBudgetRows), options);
  const items = await read();
  const hasMore = items.length > plan.limit;
  const shown = hasMore ? items.slice(0, plan.limit) : items;
  let totalCount: number | null = hasMore || plan.after !== undefined ? null : shown.length;
  if (needsCount(plan, hasMore)) {
    const { where, params } = filterOf(plan);
    totalCount = await countOf(sql, operation, `${count} ${where}`, params, options);
  }
  return { items: shown, hasMore, totalCount };
}

/** Converts items to a page for one caller. */
export function toPage<T>(
  plan: PagePlan,
  { items, hasMore, totalCount }: ItemPage<T>,
  startedAt: number,
  keyRowOf: (item: T) => Row,
  toOutput: (item: T) => object,
): Page<object> {
  const last = items.at(-1);
  return {
    data: items.map(toOutput),
    totalCount,
    ...endOfPage(plan, hasMore, last && positionOf(plan.order, keyRowOf(last))),
    executionTimeMs: performance.now() - startedAt,
    cacheHit: false,
  };
}

/** The number that a query with one column `count` gives, for a call whose rows were read. */
export async function countOf(
  sql: Sql,
  operation: string,
  query: string,
  params: SqlParams,
  options: CallOptions | undefined,
): Promise<number> {
  const [row] = await sql.continuing.rows<{ count: bigint }>(operation, query, params, options);
  return Number(row?.count);
}
