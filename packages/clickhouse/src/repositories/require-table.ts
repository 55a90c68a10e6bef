import type { CallOptions, RecordDefinition } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

/** Throws `QueryError` when the table of a record does not exist. The server that is asked asks no shard. */
export async function requireTable(
  sql: Sql,
  { table }: RecordDefinition,
  operation: string,
  options: CallOptions | undefined,
): Promise<void> {
  await sql.rows(operation, `DESCRIBE TABLE ${table}`, {}, options);
}
