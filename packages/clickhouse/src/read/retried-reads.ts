import type { CallOptions, QueryPlan, SelectionPlan } from '@quantumtrade/dal-domain';
import { isDatabaseError, TimeoutError } from '@quantumtrade/dal-domain';
import { currentOperation, operationChannel } from '@quantumtrade/dal-telemetry';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { ReadTally, Sql, SqlParams } from '../connection/sql.js';
import type { PlanRetry, Shortage } from '../query/plan-retry.js';
import { shortageOf } from '../query/plan-retry.js';
import type { RowRead } from '../query/row-query.js';
import type { TimeSlice } from '../query/time-slice.js';
import { boundSlice } from '../query/time-slice.js';
import { rangeOf, readSlices } from './time-slices.js';
import { LESS_MEMORY } from '../query/rules/less-memory.js';

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

/** Runs a read of rows or sets by the cheaper plan for what it ran out of. Returns undefined where there is none. */
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
  const { continuing } = sql;
  if (!query.isSliced) {
    return continuing.collect(operation, query.sql, query.params, options, convert, query.settings);
  }
  return readInSlices(continuing, operation, read, planAgain, shortage, options, convert);
}

/** Returns the range of rows in time order, from the instant of the cursor on. */
function rangeBehindCursor(plan: QueryPlan): TimeSlice {
  const { after, order } = plan;
  const range = rangeOf(plan);
  if (!after) return range;
  const instant = after[order.fields.indexOf('timestamp')] as number;
  return order.descending ? { ...range, last: instant } : { ...range, first: instant };
}

async function readInSlices<T>(
  sql: Sql,
  operation: string,
  read: RowRead,
  planAgain: PlanRetry,
  shortage: Shortage,
  options: CallOptions,
  convert: (block: DecodedBlock) => T,
): Promise<T[]> {
  const { plan, limit = Infinity } = read;
  const tally: ReadTally = { rows: 0, bytes: 0 };
  const parts: T[] = [];
  const slices = {
    definition: plan.definition,
    range: rangeBehindCursor(plan),
    descending: plan.order.descending,
  };
  await readSlices(sql, operation, slices, options, async (slice) => {
    const left = limit - tally.rows;
    const query = planAgain({ ...read, limit: left === Infinity ? undefined : left }, shortage)!;
    const bound = { ...query.params, ...boundSlice(slice) };
    for (const part of await sql.collect(
      operation,
      query.sql,
      bound,
      options,
      convert,
      query.settings,
      tally,
    )) {
      parts.push(part);
    }
    return tally.rows >= limit;
  });
  return parts;
}

/** Counts items by slices of time. The query counts those of one slice in its column `count`. */
export async function countAgain(
  sql: Sql,
  operation: string,
  selection: SelectionPlan,
  query: string,
  params: SqlParams,
  shortage: Shortage,
  options: CallOptions,
): Promise<number> {
  let count = 0;
  const slices = { definition: selection.definition, range: rangeOf(selection), descending: false };
  const settings = shortage === 'memory' ? LESS_MEMORY : {};
  await readSlices(sql.continuing, operation, slices, options, async (slice) => {
    const bound = { ...params, ...boundSlice(slice) };
    const countOfBlock = (block: DecodedBlock) => Number(block.column('count').at(0));
    const [part = 0] = await sql.continuing.collect(operation, query, bound, options, countOfBlock, settings);
    count += part;
    return false;
  });
  return count;
}
