import type { CheckpointRepository, VersionClock } from '@quantumtrade/dal-domain';
import { requireField } from '@quantumtrade/dal-domain';
import { allOf } from '@quantumtrade/dal-runtime';
import type { Sql } from '../connection/sql.js';

const TABLE = 'ingestion_checkpoints';
/** The shard of all positions, which are few. */
const SHARD = 1;

export function checkpointRepository(sql: Sql, versions: VersionClock): CheckpointRepository {
  const requireSource = (sourceId: string, operation: string) =>
    requireField({ kind: 'id' }, 'sourceId', sourceId, operation) as string;
  return {
    load: async (sourceId, options) => {
      const operation = 'checkpoints.load';
      sql.checkOpen(operation, options);
      const [saved] = await sql
        .shard(SHARD)
        .rows<{ position: bigint }>(
          operation,
          `SELECT position FROM ${TABLE} FINAL WHERE source_id = {sourceId:String}`,
          { sourceId: requireSource(sourceId, operation) },
          options,
        );
      return Number(saved?.position ?? 0);
    },

    save: async (sourceId, position, options) => {
      const operation = 'checkpoints.save';
      sql.checkOpen(operation, options);
      const source = requireSource(sourceId, operation);
      const checked = requireField({ kind: 'uint64' }, 'position', position, operation);
      const params = { source, position: String(checked), version: String(versions.next()) };
      const insert = `INSERT INTO ${TABLE} (source_id, position, updated_at)
        SELECT {source:String}, {position:UInt64}, reinterpret({version:Int64}, 'DateTime64(8)')`;
      await allOf(sql.copiesOf(SHARD).map((copy) => copy.command(operation, insert, params, options)));
    },
  };
}
