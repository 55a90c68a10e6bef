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
import { orderedColumn, toSql } from '../query/table-query.js';
import { countOf, readUpTo } from './item-page.js';

const MINUTE_MS = 60_000;

/** Reads the rows with this horizon that have fallen due by `now` and have no outcome with their key. */
export async function dueForEvaluation(
  sql: Sql,
  definition: RecordDefinition,
  { horizon: horizonField, outcomes }: EvaluateDefinition,
  { horizon: horizonMinutes, now }: { readonly horizon: number; readonly now: Date | number },
  options: DueOptions<boolean> | undefined,
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
  const conditions = [
    `${columnOf(horizonField)} = {horizon:${parameterTypeOf(field)}}`,
    `timestamp <= ${boundInstant('latest')}`,
    `(${columns}) NOT IN (SELECT ${columns} FROM ${table} WHERE timestamp <= ${boundInstant('latest')})`,
  ];
  const params = { horizon, latest };
  const due = { definition, isFinal: true, conditions };
  const reader = recordReader(definition, { exact: options?.exact });
  const query = toSql({
    ...due,
    columns: [reader.selectList],
    order: orderFields(definition, 'time', 'rows').map((name) => orderedColumn(definition, name, false)),
    limit,
  });
  const count = toSql({ ...due, columns: ['count() AS count'], order: [] });
  return readUpTo(
    limit,
    async () => {
      const blocks = await sql.collect(operation, query, params, options, (block) => block);
      const rows: object[] = [];
      for (const block of blocks) reader.appendRows(rows, block);
      return rows;
    },
    () => countOf(sql, operation, count, params, options),
  );
}
