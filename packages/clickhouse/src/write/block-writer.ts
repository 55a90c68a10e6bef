import type {
  BlockWriter,
  EncodedBlock,
  RecordName,
  VersionClock,
  WriteBlockOptions,
} from '@quantumtrade/dal-domain';
import {
  NOT_COUNTED,
  records,
  requireBlock,
  requireType,
  supersededRows,
  ValidationError,
  WRITE_BLOCK_OPTIONS,
} from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { NativeBlockCollector } from './block-collector.js';
import { BlockMemory } from './block-memory.js';
import { BlocksInFlight } from './blocks-in-flight.js';
import { decodeWhole } from './decode-whole.js';
import { existingKeys } from './existing-keys.js';
import { insertOnce } from './insert-once.js';
import { within } from './inserts-in-flight.js';
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
  const inFlight = new Map<RecordName, BlocksInFlight>();

  function inFlightOf(record: RecordName): BlocksInFlight {
    let blocks = inFlight.get(record);
    if (!blocks) inFlight.set(record, (blocks = new BlocksInFlight(records[record])));
    return blocks;
  }

  async function store(block: EncodedBlock, call: Sql, operation: string, options: WriteBlockOptions) {
    const { record, id, rowCount, bytes, isUnsent = false } = block;
    const isOwn = memory.rowCount(bytes) === rowCount;
    const isNew = (isOwn || isUnsent) && !inDoubt.has(bytes);
    inDoubt.add(bytes);
    await insertOnce(
      call,
      records[record],
      { token: id, bytes, rowCount, retried: false, isNew, maxRows },
      operation,
      options,
    );
    inDoubt.delete(bytes);
  }

  return {
    collect: (record) => new NativeBlockCollector(record, encoders.of(record), versions, memory),

    write: async (given, options = {}) => {
      sql.checkOpen('blocks.write', options, WRITE_BLOCK_OPTIONS);
      const { findSuperseded = false, ...limits } = options;
      requireType('findSuperseded', findSuperseded, 'boolean', 'blocks.write');
      const block = requireBlock(given);
      const { record, rowCount, bytes } = block;
      const operation = `${record}.insert`;
      return inFlightOf(record).write(bytes, async (own, others) => {
        const earlier = findSuperseded ? others.map((other) => other.versionsMeeting(own)) : [];
        for (const each of earlier) each.catch(() => undefined);
        if (memory.rowCount(bytes) !== rowCount && (await decodeWhole(bytes))?.rowCount !== rowCount) {
          throw new ValidationError('bytes', 'are not a block of so many rows', { operation });
        }
        if (!findSuperseded) {
          await store(block, sql, operation, limits);
          return NOT_COUNTED;
        }
        const keys = await own.keys();
        const existing = await existingKeys(sql, keys, operation, limits);
        await store(block, sql.continuing, operation, limits);
        const sent = await within(operation, limits, earlier);
        const stored = [existing, ...sent].filter(({ size }) => size > 0);
        // Then no key comes twice and none was there.
        if (stored.length === 0 && keys.ascending) return { superseded: [] };
        const storedOf = (key: string) => stored.map((versions) => versions.get(key));
        return { superseded: supersededRows(() => keys.rows(), storedOf) };
      });
    },
  };
}
