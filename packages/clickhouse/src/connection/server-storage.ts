import type { CallOptions } from '@quantumtrade/dal-domain';
import type { PartitionStorage, ServerStorage } from '@quantumtrade/dal-domain/operations';
import type { Sql } from './sql.js';

/** Partitions that are returned by themselves, the largest ones; the others of a table are one. */
const MAX_PARTITIONS = 200;

/** Start of a monthly partition (seconds since 1970); null for any other one. */
const MONTH = `if(match(partition_id, '^[0-9]{6}$'), dateDiff('second', toDateTime64(0, 0, 'UTC'),
  makeDateTime64(toUInt32OrZero(substring(partition_id, 1, 4)), toUInt32OrZero(substring(partition_id, 5, 2)), 1, 0, 0, 0, 0, 0, 'UTC')), NULL)`;

/** The engine returns the times of a part in 32 bits, which begin again in 2106, and before 1970: the month says which they are. */
const instant = (column: string) =>
  `month + positiveModulo(toInt64(toUnixTimestamp(${column})) - month, toInt64(4294967296))`;

const STORAGE = `
  SELECT table, if(place <= ${MAX_PARTITIONS}, partition_id, 'other') AS partition, toFloat64(sum(part_count)) AS parts,
    toFloat64(max(part_count)) AS partsOfFullest, toFloat64(sum(row_count)) AS rows, toFloat64(sum(compressed)) AS compressedBytes,
    toFloat64(sum(uncompressed)) AS uncompressedBytes, toFloat64(min(first)) * 1000 AS oldest, toFloat64(max(last)) * 1000 AS newest
  FROM (
    SELECT table, partition_id, count() AS part_count, sum(rows) AS row_count, sum(data_compressed_bytes) AS compressed,
      sum(data_uncompressed_bytes) AS uncompressed, ${MONTH} AS month,
      minOrNullIf(${instant('min_time')}, rows > 0) AS first, maxOrNullIf(${instant('max_time')}, rows > 0) AS last,
      row_number() OVER (ORDER BY sum(data_compressed_bytes) DESC, table, partition_id) AS place
    FROM system.parts
    WHERE active AND database = {database:String}
    GROUP BY table, partition_id
  )
  GROUP BY table, partition
  ORDER BY table, partition`;

const MUTATIONS = `
  SELECT toFloat64(count()) AS unfinishedMutations, toFloat64(countIf(latest_fail_reason != '')) AS failedMutations
  FROM system.mutations WHERE database = {database:String} AND NOT is_done`;

type Mutations = Pick<ServerStorage, 'unfinishedMutations' | 'failedMutations'>;

/** Asks a server for the storage that the tables of a database use. Rejects with the domain's errors. */
export async function readServerStorage(
  sql: Sql,
  name: string,
  database: string,
  options: CallOptions,
): Promise<ServerStorage> {
  const operation = 'storage.usage';
  const [partitions, [mutations]] = await Promise.all([
    sql.rows<PartitionStorage>(operation, STORAGE, { database }, options),
    sql.rows<Mutations>(operation, MUTATIONS, { database }, options),
  ]);
  return { name, partitions, ...mutations! };
}
