import type { CallOptions } from '@quantumtrade/dal-domain';
import { rowPosition } from '@quantumtrade/dal-domain';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { ReadTally, Sql } from '../connection/sql.js';
import { planKeyChunk } from '../query/plan-rows.js';
import type { RowRead } from '../query/row-query.js';
import { firstChunkRows, longerChunkRows, shorterChunkRows } from '../query/rules/key-chunks.js';
import { canonicalRow } from './block-rows.js';
import { canDivide } from './time-slices.js';

/**
 * Reads rows in key order in chunks, one after the other, each from the last row of the one before. Chunks grow until one takes too
 * long: it is read again as shorter ones, and so are those behind it. Returns what `convert` makes of each block.
 */
export async function readInChunks<T>(
  sql: Sql,
  operation: string,
  read: RowRead,
  options: CallOptions,
  convert: (block: DecodedBlock) => T,
): Promise<T[]> {
  const { plan, limit = Infinity } = read;
  const { definition, order } = plan;
  let last: DecodedBlock | undefined;
  const convertLast = (block: DecodedBlock) => {
    last = block;
    return convert(block);
  };
  const tally: ReadTally = { rows: 0, bytes: 0 };
  const parts: T[] = [];
  let { after } = plan;
  let chunkRows = firstChunkRows(read.limit)!;
  let grows = true;
  while (tally.rows < limit) {
    const before = tally.rows;
    const asked = Math.min(chunkRows, limit - before);
    const {
      sql: text,
      params,
      settings,
    } = planKeyChunk({ ...read, plan: { ...plan, after }, limit: asked })!;
    try {
      const found = await sql.continuing.collect(
        operation,
        text,
        params,
        options,
        convertLast,
        settings,
        tally,
      );
      for (const part of found) parts.push(part);
    } catch (error) {
      const shorter = shorterChunkRows(asked);
      if (shorter === undefined || !canDivide(error, options)) throw error;
      chunkRows = shorter;
      grows = false;
      continue;
    }
    // A chunk that is not full is the last one.
    if (tally.rows - before < asked) break;
    after = rowPosition(order, canonicalRow(last!, last!.rowCount - 1, definition, order.fields));
    if (grows) chunkRows = longerChunkRows(chunkRows);
  }
  return parts;
}
