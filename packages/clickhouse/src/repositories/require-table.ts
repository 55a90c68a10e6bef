import type { CallOptions, RecordDefinition } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

/** Throws `QueryError` when the table of a record does not exist. */
export async function requireTable(
  sql: Sql,
  { table }: RecordDefinition,
  operation: string,
  options: CallOptions | undefined,
): Promise<void> {
  await sql.rows(operation, `SELECT 1 FROM ${table} LIMIT 0`, {}, options);
}
