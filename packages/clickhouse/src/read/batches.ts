import type { AnyColumns } from '@quantumtrade/dal-domain';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { BlockRows } from './block-rows.js';

/** Divides the rows of blocks into batches, none with rows of two blocks. */
export async function* batchesOf(
  blocks: AsyncIterable<DecodedBlock>,
  batchRows: number,
): AsyncGenerator<BlockRows, void, undefined> {
  for await (const block of blocks) {
    for (let from = 0; from < block.rowCount; from += batchRows) {
      yield { block, from, to: Math.min(from + batchRows, block.rowCount) };
    }
  }
}

/** Returns the columns of some of the rows. Typed arrays are views. */
export function sliceColumns({ columns }: AnyColumns, from: number, to: number): AnyColumns {
  const slices = Object.entries(columns).map(([name, column]) => [name, sliceColumn(column, from, to)]);
  return { rowCount: to - from, columns: Object.fromEntries(slices) as Record<string, unknown> };
}

function sliceColumn(column: unknown, from: number, to: number): unknown {
  if (Array.isArray(column)) return column.slice(from, to);
  if (ArrayBuffer.isView(column)) return (column as Uint8Array).subarray(from, to);
  const { dictionary, positions } = column as { dictionary: string[]; positions: Uint8Array };
  return { dictionary, positions: positions.subarray(from, to) };
}
