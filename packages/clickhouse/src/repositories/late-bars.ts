import type { LateBars, LateBarsParams, StoreReadOptions } from '@quantumtrade/dal-domain';
import { marketData, planLateBars, STORE_READ_OPTIONS } from '@quantumtrade/dal-domain';
import { objectsOf } from '../connection/answer-parts.js';
import type { Sql } from '../connection/sql.js';
import { sqlNear } from '../cluster/sql-near.js';
import { filterOf } from '../query/filter.js';
import { settingsAgain } from '../query/plan-retry.js';
import type { QuerySettings } from '../query/table-query.js';
import { runRetried } from '../read/retried-reads.js';
import { requireBudget } from './scan-estimate.js';
import type { ReadDefaults } from './table-reader.js';

const OPERATION = 'analytics.lateBars';

/** Counts the bars that were written after a later bar of their symbol and source. */
export async function readLateBars(
  sql: Sql,
  { scanBudgetRows, requestTimeoutMs }: Pick<ReadDefaults, 'scanBudgetRows' | 'requestTimeoutMs'>,
  params: LateBarsParams,
  options: StoreReadOptions | undefined,
): Promise<LateBars[]> {
  sql.checkOpen(OPERATION, options, STORE_READ_OPTIONS);
  const { selection, maxScanRows = scanBudgetRows } = planLateBars(params, OPERATION);
  const near = sqlNear(sql, selection);
  await requireBudget(near, OPERATION, selection, maxScanRows, options);
  const { where, params: bound } = filterOf(selection);
  // The frame of the last bar is empty, and its minimum null.
  const query = `SELECT symbol, source, toFloat64(count()) AS bars,
      toFloat64(countIf(written_at > first_behind)) AS lateBars
    FROM (
      SELECT symbol, source, written_at, min(toNullable(written_at)) OVER (
        PARTITION BY symbol, source ORDER BY timestamp ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS first_behind
      FROM ${marketData.table} FINAL ${where})
    GROUP BY symbol, source ORDER BY symbol, source`;
  const read = (from: Sql, limits: StoreReadOptions | undefined, settings?: QuerySettings) =>
    from.collect(OPERATION, query, bound, limits, objectsOf<LateBars>, settings);
  const call = { operation: OPERATION, options, timeoutMs: requestTimeoutMs };
  const parts = await runRetried(
    call,
    () => read(near, options),
    (shortage, rest) =>
      shortage === 'memory' ? read(near.continuing, rest, settingsAgain(shortage)) : undefined,
  );
  return parts.flat();
}
