import { createHash } from 'node:crypto';
import type { CallOptions, RecordDefinition } from '@quantumtrade/dal-domain';
import { columnOf, ValidationError } from '@quantumtrade/dal-domain';
import type { ReplayedBlock } from '@quantumtrade/dal-domain/operations';
import { allOf } from '@quantumtrade/dal-runtime';
import { type ShardLayout, shardFieldOf } from '../cluster/shard-layout.js';
import { monthAt } from '../codec/row-splitters.js';
import { splitBlock } from '../codec/read/block-splitter.js';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { Sql } from '../connection/sql.js';
import { BlockKeys, existingKeys } from '../write/block-keys.js';
import { decodeNativeBlock } from '../write/store-block.js';
import type { SideServers } from './side-servers.js';
import { requireStoredTable, type StoredTable } from './stored-tables.js';

const OPERATION = 'restore.replay';

/** A block with its rows decoded. */
interface BlockToStore {
  readonly bytes: Uint8Array;
  readonly rows: DecodedBlock;
  /** The shard of each row; undefined where there is one shard. */
  readonly shards: readonly number[] | undefined;
}

/** Rows of one partition that are to be stored, and rows of other shards between them. */
interface Piece {
  readonly month: number;
  readonly rowCount: number;
  readonly bytes: Uint8Array;
}

/**
 * Stores the rows of blocks that a table lacks, or has in an older version alone, on the shards that they belong to. What is there is looked
 * up on each copy by itself.
 */
export async function replayBlocks(
  servers: SideServers,
  name: string,
  blocks: readonly ReplayedBlock[],
  options: CallOptions,
): Promise<void> {
  const table = requireStoredTable(name, OPERATION);
  const { definition } = table;
  if (!definition) throw new ValidationError('table', 'must be that of a record', { operation: OPERATION });
  const all = await Promise.all(
    blocks.map(async (block): Promise<BlockToStore> => {
      const rows = await decode(block);
      return {
        bytes: block.bytes,
        rows,
        shards: servers.layout && shardsOfRows(rows, definition, servers.layout),
      };
    }),
  );
  await allOf(
    servers.shardsOf(table).map(async (shard) => {
      const own = all.filter(({ shards }) => shards?.includes(shard) ?? true);
      if (own.length > 0)
        await servers.onCopies(shard, (sql) => storeMissing(servers, sql, table, shard, own, options));
    }),
  );
}

/** Stores the rows of one shard that a copy of it lacks: in one insert for each partition. */
async function storeMissing(
  servers: SideServers,
  sql: Sql,
  table: StoredTable,
  shard: number,
  blocks: readonly BlockToStore[],
  options: CallOptions,
): Promise<void> {
  const definition = table.definition!;
  const keys = new BlockKeys(
    definition,
    blocks.map(({ rows }) => rows),
  );
  const stored = new Map(await existingKeys(sql, keys, OPERATION, options));
  const pieces: Piece[] = [];
  for (const { bytes, rows, shards } of blocks) {
    const missing = Array.from(new BlockKeys(definition, [rows]).rows(), ({ key, version }, row) => {
      if (shards && shards[row] !== shard) return undefined;
      if (stored.get(key)! >= version) return false;
      stored.set(key, version);
      return true;
    });
    const month = monthAt(rows.column('timestamp').at(0) as number);
    for (const piece of missingPieces(bytes, missing)) pieces.push({ ...piece, month });
  }
  if (pieces.length === 0) return;
  const isMixed = blocks.some(({ shards }) => shards?.some((each) => each !== shard));
  const selection = isMixed ? await servers.selectionOf(sql, table, shard, OPERATION, options) : undefined;
  for (const month of new Set(pieces.map((piece) => piece.month))) {
    const own = pieces.filter((piece) => piece.month === month);
    const bytes = Buffer.concat(own.map((piece) => piece.bytes));
    const rowCount = own.reduce((sum, piece) => sum + piece.rowCount, 0);
    const token = createHash('sha256').update(bytes).digest('hex');
    const insert = { table: table.name, token, bytes, rowCount, isSeries: true, retried: true };
    await sql.insert(OPERATION, { ...insert, ...(selection && { selection }) }, options);
  }
}

async function decode({ bytes, rowCount }: ReplayedBlock): Promise<DecodedBlock> {
  const block = await decodeNativeBlock(bytes);
  if (block?.rowCount === rowCount) return block;
  throw new ValidationError('block', 'is not a block of so many rows', { operation: OPERATION });
}

function shardsOfRows(rows: DecodedBlock, definition: RecordDefinition, layout: ShardLayout): number[] {
  const values = rows.column(columnOf(shardFieldOf(definition)));
  const times = rows.column('timestamp');
  return Array.from({ length: rows.rowCount }, (_, row) =>
    layout.shardOf(values.at(row) as string, monthAt(times.at(row) as number)),
  );
}

/**
 * Returns the rows that are marked as missing: the block where none is marked as there, otherwise those of its halves, and theirs. Rows
 * without a mark may be among them.
 */
function missingPieces(bytes: Uint8Array, missing: readonly (boolean | undefined)[]): Omit<Piece, 'month'>[] {
  if (!missing.includes(true)) return [];
  if (!missing.includes(false)) return [{ bytes, rowCount: missing.length }];
  let from = 0;
  return splitBlock(bytes).flatMap((half) => {
    const rows = missing.slice(from, from + half.rowCount);
    from += half.rowCount;
    return missingPieces(half.bytes, rows);
  });
}
