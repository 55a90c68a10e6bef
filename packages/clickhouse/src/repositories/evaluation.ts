import type {
  DueOptions,
  EvaluateDefinition,
  QueryResult,
  RecordDefinition,
  RecordName,
} from '@quantumtrade/dal-domain';
import {
  columnOf,
  DUE_OPTIONS,
  MIN_INSTANT,
  orderFields,
  records,
  requireField,
  requireLimit,
} from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { boundInstant, parameterTypeOf } from '../codec/kinds.js';
import { recordReader } from '../codec/read/record-reader.js';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import { orderedColumn, toSql } from '../query/table-query.js';
import { SLICE_CONDITION } from '../query/time-slice.js';
import { settingsAgain } from '../query/plan-retry.js';
import { collectSlices, countAgain, runRetried } from '../read/retried-reads.js';
import { countOf, readUpTo } from './item-page.js';

const MINUTE_MS = 60_000;

/**
 * Reads the rows with this horizon that have fallen due by `now` and have no outcome with their key. Where a query runs out of time or
 * memory, both tables are read by slices of time: the keys of rows and outcomes have the timestamp.
 * @param timeoutMs time limit of a call without a deadline
 */
export async function dueForEvaluation(
  sql: Sql,
  definition: RecordDefinition,
  { horizon: horizonField, outcomes }: EvaluateDefinition,
  { horizon: horizonMinutes, now }: { readonly horizon: number; readonly now: Date | number },
  options: DueOptions<boolean> | undefined,
  timeoutMs: number,
): Promise<QueryResult<object>> {
  const { name, fields } = definition;
  const operation = `${name}.dueForEvaluation`;
  sql.checkOpen(operation, options, DUE_OPTIONS);
  const field = fields[horizonField]!;
  const horizon = requireField(field, 'horizonMinutes', horizonMinutes, operation) as number;
  const until = requireField({ kind: 'instant' }, 'now', now, operation) as number;
  // The engine has no instants before the first that a row can have.
  const latest = Math.max(until - horizon * MINUTE_MS, MIN_INSTANT - 1);
  const { table, key } = records[outcomes as RecordName];
  const columns = key.map(columnOf).join(', ');
  const limit = options?.limit === undefined ? undefined : requireLimit(options.limit, operation);
  const params = { horizon, latest };
  const reader = recordReader(definition, { exact: options?.exact });
  const order = orderFields(definition, 'time', 'rows').map((each) => orderedColumn(definition, each, false));
  const dueWithin = (range: string) => ({
    definition,
    isFinal: true,
    conditions: [
      `${columnOf(horizonField)} = {horizon:${parameterTypeOf(field)}}`,
      range,
      `(${columns}) NOT IN (SELECT ${columns} FROM ${table} WHERE ${range})`,
    ],
  });
  const rowsWithin = (range: string, count: number | undefined) =>
    toSql({ ...dueWithin(range), columns: [reader.selectList], order, limit: count });
  const countWithin = (range: string) =>
    toSql({ ...dueWithin(range), columns: ['count() AS count'], order: [] });
  const whole = `timestamp <= ${boundInstant('latest')}`;
  const slices = { definition, range: { first: MIN_INSTANT, last: latest }, descending: false };
  const call = { operation, options, timeoutMs };
  const blockOf = (block: DecodedBlock) => block;
  return readUpTo(
    limit,
    async () => {
      const blocks = await runRetried(
        call,
        () => sql.collect(operation, rowsWithin(whole, limit), params, options, blockOf),
        (shortage, rest) => {
          const settings = settingsAgain(shortage);
          const queryOf = (left: number | undefined) => ({
            sql: rowsWithin(SLICE_CONDITION, left),
            params,
            settings,
          });
          return collectSlices(sql, operation, { ...slices, limit, queryOf }, rest, blockOf);
        },
      );
      const rows: object[] = [];
      for (const block of blocks) reader.appendRows(rows, block);
      return rows;
    },
    () =>
      runRetried(
        call,
        () => countOf(sql, operation, countWithin(whole), params, options),
        (shortage, rest) =>
          countAgain(sql, operation, slices, countWithin(SLICE_CONDITION), params, shortage, rest),
      ),
  );
}
