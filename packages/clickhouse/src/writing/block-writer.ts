import type { BlockWriter, Clock } from '@quantumtrade/dal-domain';
import { checkCall, requireRecord, ValidationError } from '@quantumtrade/dal-domain';
import type { Sql } from '../client/sql.js';
import { NativeBlockCollector } from './block-collector.js';
import { BlockMemory } from './block-memory.js';
import { decodeWhole } from './decode-whole.js';
import type { RecordEncoders } from './record-encoders.js';

/** Blocks in ClickHouse's Native format, each stored once by the token that is its id. */
export function blockWriter(sql: Sql, encoders: RecordEncoders, clock: Clock): BlockWriter {
  const memory = new BlockMemory();
  return {
    collect: (record) => new NativeBlockCollector(record, encoders.of(record), clock, memory),

    write: async ({ record, id, rowCount, bytes }, options) => {
      const operation = `${record}.insert`;
      checkCall(options, operation);
      const definition = requireRecord(record, operation);
      if (memory.rowCount(bytes) !== rowCount && (await decodeWhole(bytes))?.rowCount !== rowCount) {
        throw new ValidationError('bytes', 'are not a block of so many rows', { operation });
      }
      await sql.insert(operation, { table: definition.table, token: id, bytes, retried: false }, options);
    },
  };
}
