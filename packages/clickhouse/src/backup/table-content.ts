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

/** Returns the content of tables whose rows are apart, as that of one table: sums of their counts and sums, and the XOR of the rest. */
export function joinContents(contents: readonly (readonly PartitionContent[])[]): PartitionContent[] {
  const joined = new Map<string, PartitionContent>();
  for (const content of contents.flat()) {
    const other = joined.get(content.partition);
    joined.set(content.partition, other ? joinPartition(content, other) : content);
  }
  return [...joined.values()].sort((a, b) => (a.partition < b.partition ? -1 : 1));
}

function joinPartition(
  { partition, rows, hash }: PartitionContent,
  other: PartitionContent,
): PartitionContent {
  const halves = [hash, other.hash].map((each) =>
    [each.slice(0, 16), each.slice(16)].map((half) => BigInt(`0x${half}`)),
  );
  const [[sum, xor], [otherSum, otherXor]] = halves as [[bigint, bigint], [bigint, bigint]];
  const hex = (value: bigint) => value.toString(16).padStart(16, '0');
  return {
    partition,
    rows: rows + other.rows,
    hash: hex(BigInt.asUintN(64, sum + otherSum)) + hex(xor ^ otherXor),
  };
}
