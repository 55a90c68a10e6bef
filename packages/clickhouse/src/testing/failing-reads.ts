import { QueryError, TimeoutError } from '@quantumtrade/dal-domain';
import type { Random } from '@quantumtrade/dal-testing';
import type { Sql, SqlParams } from '../connection/sql.js';
import type { TimeSlice } from '../query/time-slice.js';
import { SLICE_CONDITION } from '../query/time-slice.js';
import { changedSql } from './changed-sql.js';

const SHORTAGES = [
  () => new TimeoutError(1, { operation: 'test', queryId: 'q' }),
  () =>
    new QueryError('', 'MEMORY_LIMIT_EXCEEDED (241)', {
      operation: 'test',
      retryable: true,
      kind: 'MEMORY_LIMIT',
    }),
];

/** Statements of which reads run out of time or memory. */
export interface FailingReads {
  readonly sql: Sql;
  /** Number of slices that were read. */
  slices: number;
  /** Lets the next reads that are no slices fail. */
  failNext(count?: number): void;
}

/**
 * Returns statements of which reads fail when asked to.
 * @param failsSlice says whether the read of a slice fails
 */
export function failingReads(
  sql: Sql,
  random: Random,
  failsSlice: (slice: TimeSlice) => boolean,
): FailingReads {
  let failures = 0;
  function mayFail(query: string, params: SqlParams = {}): void {
    // Lists of partitions and estimates are no reads of rows.
    if (query.includes('AS month') || query.startsWith('EXPLAIN')) return;
    let fails = failures > 0;
    if (!query.includes(SLICE_CONDITION)) failures--;
    else {
      const { sliceFirst, sliceLast } = params as { sliceFirst: number; sliceLast: number };
      fails = failsSlice({ first: sliceFirst, last: sliceLast });
      if (!fails) found.slices++;
    }
    if (fails) throw SHORTAGES[random.below(2)]!();
  }
  const found: FailingReads = {
    sql: changedSql(sql, () => ({
      rows: async (operation, query, params, options) => {
        mayFail(query, params);
        return sql.rows(operation, query, params, options);
      },
      collect: async (operation, query, params, ...rest) => {
        mayFail(query, params);
        return sql.collect(operation, query, params, ...rest);
      },
    })),
    slices: 0,
    failNext: (count = 1) => (failures = count),
  };
  return found;
}
