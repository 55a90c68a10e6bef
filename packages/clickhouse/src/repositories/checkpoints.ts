import type { CheckpointRepository, Clock } from '@quantumtrade/dal-domain';
import { requireField } from '@quantumtrade/dal-domain';
import type { Sql } from '../client/sql.js';
import { instantOf } from '../encoding/columns.js';

const TABLE = 'ingestion_checkpoints';

export function checkpointRepository(sql: Sql, clock: Clock): CheckpointRepository {
  const requireSource = (sourceId: string, operation: string) =>
    requireField({ kind: 'id' }, 'sourceId', sourceId, operation) as string;
  return {
    load: async (sourceId, options) => {
      const operation = 'checkpoints.load';
      sql.checkOpen(operation, options);
      const [saved] = await sql.rows<{ position: string }>(
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
      await sql.command(
        operation,
        `INSERT INTO ${TABLE} (source_id, position, updated_at)
         SELECT {source:String}, {position:UInt64}, ${instantOf('now')}`,
        { source, position: String(checked), now: clock.now() },
        options,
      );
    },
  };
}
