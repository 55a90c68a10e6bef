import type { CallOptions } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

/** Returns the ids of the partitions of a table, ascending. `server` may be connected to another database. */
export async function partitionsOf(
  server: Sql,
  database: string,
  table: string,
  operation: string,
  options: CallOptions,
): Promise<string[]> {
  const rows = await server.rows<{ partition: string }>(
    operation,
    `SELECT DISTINCT partition_id AS partition FROM system.parts
     WHERE active AND database = {database:String} AND table = {table:String} ORDER BY partition`,
    { database, table },
    options,
  );
  return rows.map(({ partition }) => partition);
}
