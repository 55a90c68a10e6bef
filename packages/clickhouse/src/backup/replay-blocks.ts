import { createHash } from 'node:crypto';
import type { CallOptions } from '@quantumtrade/dal-domain';
import { ValidationError } from '@quantumtrade/dal-domain';
import type { ReplayedBlock } from '@quantumtrade/dal-domain/operations';
import { monthAt } from '../codec/row-splitters.js';
import { splitBlock } from '../codec/read/block-splitter.js';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { Sql } from '../connection/sql.js';
import { BlockKeys, existingKeys } from '../write/block-keys.js';
import { decodeNativeBlock } from '../write/store-block.js';
import { requireStoredTable } from './stored-tables.js';

const OPERATION = 'restore.replay';

/** Rows of one partition that are to be stored. */
interface Piece {
  readonly month: number;
  readonly rowCount: number;
  readonly bytes: Uint8Array;
}

/** Stores the rows of blocks that a table lacks, or has in an older version alone: in one insert for each partition. */
export async function replayBlocks(
  sql: Sql,
  table: string,
  blocks: readonly ReplayedBlock[],
  options: CallOptions,
): Promise<void> {
  const { definition } = requireStoredTable(table, OPERATION);
  if (!definition) throw new ValidationError('table', 'must be that of a record', { operation: OPERATION });
  const decoded = await Promise.all(blocks.map(decode));
  const stored = new Map(await existingKeys(sql, new BlockKeys(definition, decoded), OPERATION, options));
  const pieces: Piece[] = [];
  for (const [n, block] of decoded.entries()) {
    const missing = Array.from(new BlockKeys(definition, [block]).rows(), ({ key, version }) => {
      if (stored.get(key)! >= version) return false;
      stored.set(key, version);
      return true;
    });
    const month = monthAt(block.column('timestamp').at(0) as number);
    for (const piece of missingPieces(blocks[n]!.bytes, missing)) pieces.push({ ...piece, month });
  }
  for (const month of new Set(pieces.map((piece) => piece.month))) {
    const own = pieces.filter((piece) => piece.month === month);
    const bytes = Buffer.concat(own.map((piece) => piece.bytes));
    const rowCount = own.reduce((sum, piece) => sum + piece.rowCount, 0);
    const token = createHash('sha256').update(bytes).digest('hex');
    const insert = { table, token, bytes, rowCount, isSeries: true, retried: true };
    await sql.insert(OPERATION, insert, options);
  }
}

async function decode({ bytes, rowCount }: ReplayedBlock): Promise<DecodedBlock> {
  const block = await decodeNativeBlock(bytes);
  if (block?.rowCount === rowCount) return block;
  throw new ValidationError('block', 'is not a block of so many rows', { operation: OPERATION });
}

/** Returns the rows that are marked as missing: the block where all are, otherwise those of its halves, and theirs. */
function missingPieces(bytes: Uint8Array, missing: readonly boolean[]): Omit<Piece, 'month'>[] {
  if (!missing.includes(true)) return [];
  if (!missing.includes(false)) return [{ bytes, rowCount: missing.length }];
  let from = 0;
  return splitBlock(bytes).flatMap((half) => {
    const rows = missing.slice(from, from + half.rowCount);
    from += half.rowCount;
    return missingPieces(half.bytes, rows);
  });
}
