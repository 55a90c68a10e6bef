import type { DueOptions, EvaluateDefinition, QueryResult, RecordName } from '@quantumtrade/dal-domain';
import {
  columnOf,
  DUE_OPTIONS,
  MIN_INSTANT,
  records,
  requireField,
  requireLimit,
} from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { boundInstant, parameterTypeOf } from '../codec/kinds.js';
import type { TableReader } from './table-reader.js';

const MINUTE_MS = 60_000;

/** Reads the rows with this horizon that have fallen due by `now` and have no outcome with their key. */
export async function dueForEvaluation(
  sql: Sql,
  reader: TableReader,
  { horizon: horizonField, outcomes }: EvaluateDefinition,
  { horizon: horizonMinutes, now }: { readonly horizon: number; readonly now: Date | number },
  options: DueOptions<boolean> | undefined,
): Promise<QueryResult<object>> {
  const { name, fields } = reader.definition;
  const operation = `${name}.dueForEvaluation`;
  sql.checkOpen(operation, options, DUE_OPTIONS);
  const field = fields[horizonField]!;
  const horizon = requireField(field, 'horizonMinutes', horizonMinutes, operation) as number;
  const until = requireField({ kind: 'instant' }, 'now', now, operation) as number;
  // The engine has no instants before the first that a row can have.
  const latest = Math.max(until - horizon * MINUTE_MS, MIN_INSTANT - 1);
  const { table, key } = records[outcomes as RecordName];
  const columns = key.map(columnOf).join(', ');
  return reader.select(
    operation,
    {
      where: `WHERE ${columnOf(horizonField)} = {horizon:${parameterTypeOf(field)}} AND timestamp <= ${boundInstant('latest')}
        AND (${columns}) NOT IN (SELECT ${columns} FROM ${table} WHERE timestamp <= ${boundInstant('latest')})`,
      params: { horizon, latest },
      limit: options?.limit === undefined ? undefined : requireLimit(options.limit, operation),
    },
    options,
  );
}
