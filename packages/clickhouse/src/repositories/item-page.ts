import type { CallOptions, MissingShard, Page, PagePlan, QueryResult, Row } from '@quantumtrade/dal-domain';
import { endOfPage, needsCount, rowPosition } from '@quantumtrade/dal-domain';
import type { Sql, SqlParams } from '../connection/sql.js';
import { SLICE_CONDITION } from '../query/time-slice.js';
import { countAgain, runRetried } from '../read/retried-reads.js';
import { slicesOf } from '../read/time-slices.js';
import { EarlyCount } from './early-count.js';
import { filterOf } from '../query/filter.js';

/** How the items of a page are read: blocks of rows, or sets. */
export interface ItemReader<T> {
  /** @param arrived may be called while further items come, with the number of those that came */
  read(arrived: (items: number) => void): Promise<T>;
  /** Returns the number of items that were read. */
  countOf(items: T): number;
  /** The count of all items, without the filter. */
  readonly count: string;
  /** Time limit of a call without a deadline (milliseconds). */
  readonly timeoutMs: number;
}

/** The items of a page as they were read. */
export interface ItemPage<T> {
  readonly items: T;
  /** Number of items that the page shows. */
  readonly count: number;
  readonly hasMore: boolean;
  readonly totalCount: number | null;
}

/**
 * Reads the items of a page: one item more than the limit, and the count of all of them when it has to. Counting begins when half of
 * the items have arrived: most pages of which there is as much are full.
 */
export async function readItems<T>(
  sql: Sql,
  operation: string,
  plan: PagePlan,
  options: CallOptions | undefined,
  { read, countOf: countItems, count, timeoutMs }: ItemReader<T>,
): Promise<ItemPage<T>> {
  const early = new EarlyCount(options, (limits) => {
    const { where, params } = filterOf(plan);
    const sliced = `${count} ${filterOf(plan, [SLICE_CONDITION]).where}`;
    return runRetried(
      { operation, options: limits, timeoutMs },
      () => countOf(sql, operation, `${count} ${where}`, params, limits),
      (shortage, rest) => countAgain(sql, operation, slicesOf(plan), sliced, params, shortage, rest),
    );
  });
  let arrived = 0;
  try {
    const items = await read((more) => {
      arrived += more;
      if (needsCount(plan, true) && arrived > plan.limit / 2) early.begin();
    });
    const found = countItems(items);
    const hasMore = found > plan.limit;
    const shown = hasMore ? plan.limit : found;
    let totalCount: number | null = hasMore || plan.after !== undefined ? null : shown;
    if (needsCount(plan, hasMore)) totalCount = await early.result();
    return { items, count: shown, hasMore, totalCount };
  } finally {
    early.end();
  }
}

/** Returns a page for one caller. `last` has the position of its last item; `missing` has the shards that it lacks. */
export const toPage = (
  plan: PagePlan,
  { hasMore, totalCount }: ItemPage<unknown>,
  startedAt: number,
  data: object[],
  last: Row | undefined,
  missing: readonly MissingShard[],
): Page<object> => ({
  data,
  totalCount: missing.length === 0 ? totalCount : null,
  ...endOfPage(plan, hasMore, last && rowPosition(plan.order, last), missing),
  executionTimeMs: performance.now() - startedAt,
  cacheHit: false,
});

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

/** Reads items up to a limit, and counts all of them only where the limit may have cut some off. */
export async function readUpTo<T>(
  limit: number | undefined,
  read: () => Promise<T[]>,
  count: () => Promise<number>,
): Promise<QueryResult<T>> {
  const started = performance.now();
  const data = await read();
  const totalCount = data.length === limit ? await count() : data.length;
  return { data, totalCount, executionTimeMs: performance.now() - started, cacheHit: false };
}
