import type { CallOptions, PartitionStorage, ServerStorage } from '@quantumtrade/dal-domain';
import type { Sql } from './sql.js';

/** Partitions that are returned by themselves, the largest ones; the others of a table are one. */
const MAX_PARTITIONS = 200;

const STORAGE = `
  SELECT table, if(place <= ${MAX_PARTITIONS}, partition_id, 'other') AS partition, toFloat64(sum(part_count)) AS parts,
    toFloat64(sum(row_count)) AS rows, toFloat64(sum(compressed)) AS compressedBytes,
    toFloat64(sum(uncompressed)) AS uncompressedBytes
  FROM (
    SELECT table, partition_id, count() AS part_count, sum(rows) AS row_count, sum(data_compressed_bytes) AS compressed,
      sum(data_uncompressed_bytes) AS uncompressed,
      row_number() OVER (ORDER BY sum(data_compressed_bytes) DESC, table, partition_id) AS place
    FROM system.parts
    WHERE active AND database = {database:String}
    GROUP BY table, partition_id
  )
  GROUP BY table, partition
  ORDER BY table, partition`;

/** Asks a server for the storage that the tables of a database use. Rejects with the domain's errors. */
export async function readServerStorage(
  sql: Sql,
  name: string,
  database: string,
  options: CallOptions,
): Promise<ServerStorage> {
  const partitions = await sql.rows<PartitionStorage>('clickhouse.storage', STORAGE, { database }, options);
  return { name, partitions };
}
