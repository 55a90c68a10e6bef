import type { CallOptions, RecordDefinition, Row } from '@quantumtrade/dal-domain';
import { rowFromJson } from '../codec/select.js';
import type { Sql, SqlParams } from '../connection/sql.js';
import type { PlannedQuery } from '../query/rule.js';

/** Runs a planned query for fields of a record, all of them by default, and returns its rows in canonical form. */
export function canonicalRows(
  sql: Sql,
  operation: string,
  definition: RecordDefinition,
  { sql: text, params, settings }: PlannedQuery,
  bound: SqlParams,
  options: CallOptions | undefined,
  names?: readonly string[],
): Promise<Row[]> {
  const pairs = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const query = pairs.length === 0 ? text : `${text} SETTINGS ${pairs.join(', ')}`;
  return sql.result(
    operation,
    query,
    { ...params, ...bound },
    options,
    (json: Readonly<Record<string, unknown>>) => rowFromJson(definition, json, names),
  );
}
