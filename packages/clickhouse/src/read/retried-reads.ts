import type { CallOptions, QueryPlan } from '@quantumtrade/dal-domain';
import { isDatabaseError, TimeoutError } from '@quantumtrade/dal-domain';
import { currentOperation, operationChannel } from '@quantumtrade/dal-telemetry';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { ReadTally, Sql, SqlParams } from '../connection/sql.js';
import type { PlanRetry, Shortage } from '../query/plan-retry.js';
import { settingsAgain, shortageOf } from '../query/plan-retry.js';
import type { RowRead } from '../query/row-query.js';
import type { PlannedQuery } from '../query/rule.js';
import type { TimeSlice } from '../query/time-slice.js';
import { boundSlice } from '../query/time-slice.js';
import { readInChunks } from './key-chunks.js';
import type { SlicedRange } from './time-slices.js';
import { rangeOf, readSlices } from './time-slices.js';

/** A call that may be run again. */
export interface RetriedCall {
  readonly operation: string;
  readonly options: CallOptions | undefined;
  /** Time limit of a call without a deadline (milliseconds). */
  readonly timeoutMs: number;
}

/**
 * Runs a read. When its query ran out of time or memory and the call has time left, runs it again in a cheaper way. The call's
 * deadline limits all of it; the request timeout limits each query.
 * @param again returns undefined where no other way is cheaper
 */
export async function runRetried<T>(
  { operation, options, timeoutMs }: RetriedCall,
  run: () => Promise<T>,
  again: (shortage: Shortage, options: CallOptions) => Promise<T> | undefined,
): Promise<T> {
  const startedAt = Date.now();
  try {
    return await run();
  } catch (error) {
    const shortage = shortageOf(error);
    const deadline = options?.deadline ?? startedAt + timeoutMs;
    if (!shortage || options?.signal?.aborted || deadline <= Date.now()) throw error;
    const retried = again(shortage, { ...options, deadline });
    if (!retried) throw error;
    const running = operationChannel.hasSubscribers ? currentOperation() : undefined;
    if (running) running.retriedAfter = shortage;
    return retried.catch((failure: unknown) => {
      throw isTimeout(failure)
        ? new TimeoutError(Date.now() - startedAt, {
            operation,
            ...(failure.queryId && { queryId: failure.queryId }),
          })
        : failure;
    });
  }
}

const isTimeout = (error: unknown): error is TimeoutError =>
  isDatabaseError(error) && error.code === 'TIMEOUT';

/** Reads rows or sets again with a plan that needs less time or memory. Returns undefined when no plan does. */
export function readAgain<T>(
  sql: Sql,
  operation: string,
  read: RowRead,
  planAgain: PlanRetry,
  shortage: Shortage,
  options: CallOptions,
  convert: (block: DecodedBlock) => T,
): Promise<T[]> | undefined {
  const query = planAgain(read, shortage);
  if (!query) return undefined;
  if (query.division === 'chunks') return readInChunks(sql, operation, read, options, convert);
  if (query.division === undefined) {
    return sql.continuing.collect(operation, query.sql, query.params, options, convert, query.settings);
  }
  const { definition, order } = read.plan;
  const slices = { definition, range: rangeBehindCursor(read.plan), descending: order.descending };
  const queryOf = (limit: number | undefined) => planAgain({ ...read, limit }, shortage)!;
  return collectSlices(sql, operation, { ...slices, limit: read.limit, queryOf }, options, convert);
}

/** Returns the range of rows in time order, from the instant of the cursor on. */
function rangeBehindCursor(plan: QueryPlan): TimeSlice {
  const { after, order } = plan;
  const range = rangeOf(plan);
  if (!after) return range;
  const instant = after[order.fields.indexOf('timestamp')] as number;
  return order.descending ? { ...range, last: instant } : { ...range, first: instant };
}

/** A read whose query answers one slice of time, whose bounds are parameters. */
export interface SlicedRead extends SlicedRange {
  /** Maximum number of rows of all slices together. @default no limit */
  readonly limit?: number | undefined;
  /** Returns the query of a slice, of at most `limit` rows. */
  queryOf(limit: number | undefined): Omit<PlannedQuery, 'rules'>;
}

/** Reads slices one after the other, until the limit. Returns what `convert` makes of each block. */
export async function collectSlices<T>(
  sql: Sql,
  operation: string,
  { limit = Infinity, queryOf, ...slices }: SlicedRead,
  options: CallOptions,
  convert: (block: DecodedBlock) => T,
): Promise<T[]> {
  const { continuing } = sql;
  const tally: ReadTally = { rows: 0, bytes: 0 };
  const parts: T[] = [];
  await readSlices(continuing, operation, slices, options, async (slice) => {
    const left = limit - tally.rows;
    const { sql: text, params, settings } = queryOf(left === Infinity ? undefined : left);
    const bound = { ...params, ...boundSlice(slice) };
    const found = await continuing.collect(operation, text, bound, options, convert, settings, tally);
    for (const part of found) parts.push(part);
    return tally.rows >= limit;
  });
  return parts;
}

/** Counts items by slices of time. The query counts those of one slice in its column `count`. */
export async function countAgain(
  sql: Sql,
  operation: string,
  slices: SlicedRange,
  query: string,
  params: SqlParams,
  shortage: Shortage,
  options: CallOptions,
): Promise<number> {
  const queryOf = () => ({ sql: query, params, settings: settingsAgain(shortage) });
  const countOfBlock = (block: DecodedBlock) => Number(block.column('count').at(0));
  const counts = await collectSlices(sql, operation, { ...slices, queryOf }, options, countOfBlock);
  return counts.reduce((total, count) => total + count, 0);
}
