import type { CallOptions } from '@quantumtrade/dal-domain';
import type { PartitionContent, SnapshotColumn } from '@quantumtrade/dal-domain/operations';
import type { Sql } from '../connection/sql.js';

/** Returns the columns of a table whose values are stored, in its order. */
export function columnsOf(
  server: Sql,
  database: string,
  table: string,
  operation: string,
  options: CallOptions,
): Promise<SnapshotColumn[]> {
  return server.rows<SnapshotColumn>(
    operation,
    `SELECT name, type FROM system.columns
     WHERE database = {database:String} AND table = {table:String} AND default_kind NOT IN ('MATERIALIZED', 'ALIAS')
     ORDER BY position`,
    { database, table },
    options,
  );
}

/**
 * Returns the values of a row as one text of SQL, `bytes`. It is in the format RowBinary, which says where NULL is, keeps the bits of NaN and the
 * order of maps, and does not depend on how columns are stored.
 */
export function rowBytesOf(columns: readonly SnapshotColumn[]): string {
  const names = columns.map(({ name }) => `\`${name}\``).sort();
  return `formatRow('RowBinary', ${names.join(', ')}) AS bytes`;
}

/** Counts and hashes rows given as `bytes`. The hashes of rows are added up, so that equal rows count, and combined by XOR with a second function. */
export const CONTENT_OF_BYTES = `count() AS rows, lower(concat(leftPad(hex(sumWithOverflow(cityHash64(bytes))), 16, '0'),
         leftPad(hex(groupBitXor(sipHash64(bytes))), 16, '0'))) AS hash`;

/** Counts and hashes the rows of partitions, ascending. */
export async function readContent(
  sql: Sql,
  table: string,
  columns: readonly SnapshotColumn[],
  partitions: readonly string[],
  operation: string,
  options: CallOptions,
): Promise<PartitionContent[]> {
  const contents: PartitionContent[] = [];
  for (const partition of [...partitions].sort()) {
    const [found] = await sql.rows<{ rows: bigint; hash: string }>(
      operation,
      `SELECT ${CONTENT_OF_BYTES} FROM (SELECT ${rowBytesOf(columns)} FROM ${table} WHERE _partition_id = {partition:String})`,
      { partition },
      options,
    );
    const rows = Number(found!.rows);
    if (rows > 0) contents.push({ partition, rows, hash: found!.hash });
  }
  return contents;
}
