import type { BlockWriter, VersionClock } from '@quantumtrade/dal-domain';
import { records, requireBlock, ValidationError } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { NativeBlockCollector } from './block-collector.js';
import { BlockMemory } from './block-memory.js';
import { decodeWhole } from './decode-whole.js';
import { insertOnce } from './insert-once.js';
import type { RecordEncoders } from './record-encoders.js';

/**
 * Blocks in ClickHouse's Native format, each stored once by the token that is its id: by one insert or, where it has more rows
 * than one may have, by several, one after the other.
 */
export function blockWriter(
  sql: Sql,
  encoders: RecordEncoders,
  versions: VersionClock,
  maxRows: number,
): BlockWriter {
  const memory = new BlockMemory();
  /** Bytes that were sent, and are not known to be stored. */
  const inDoubt = new WeakSet<Uint8Array>();
  return {
    collect: (record) => new NativeBlockCollector(record, encoders.of(record), versions, memory),

    write: async (block, options) => {
      sql.checkOpen('blocks.write', options);
      const { record, id, rowCount, bytes, isUnsent = false } = requireBlock(block);
      const operation = `${record}.insert`;
      const definition = records[record];
      const isOwn = memory.rowCount(bytes) === rowCount;
      if (!isOwn && (await decodeWhole(bytes))?.rowCount !== rowCount) {
        throw new ValidationError('bytes', 'are not a block of so many rows', { operation });
      }
      const isNew = (isOwn || isUnsent) && !inDoubt.has(bytes);
      inDoubt.add(bytes);
      await insertOnce(
        sql,
        definition,
        { token: id, bytes, rowCount, retried: false, isNew, maxRows },
        operation,
        options,
      );
      inDoubt.delete(bytes);
    },
  };
}
