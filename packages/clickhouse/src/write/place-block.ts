import type { EncodedBlock, PreparedRow } from '@quantumtrade/dal-domain';
import { columnOf, versionAt } from '@quantumtrade/dal-domain';
import type { ShardLayout } from '../cluster/shard-layout.js';
import { shardFieldOf } from '../cluster/shard-layout.js';
import { monthAt } from '../codec/row-splitters.js';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import { canonicalRows } from '../read/block-rows.js';
import type { RecordTable } from './record-writer.js';
import { decodeNativeBlock } from './store-block.js';

/** A block of which all rows are of one shard. */
export interface PlacedBlock extends EncodedBlock {
  readonly shard: number;
}

/**
 * Returns a block with its shard. One that was encoded for another layout, and has rows of several shards, is encoded anew as a block
 * for each shard and month; their bytes and ids follow from the block's alone.
 */
export async function placeBlock(
  block: EncodedBlock,
  { definition, encoder }: Pick<RecordTable, 'definition' | 'encoder'>,
  layout: ShardLayout,
): Promise<PlacedBlock[]> {
  const decoded = (await decodeNativeBlock(block.bytes))!;
  const values = decoded.column(columnOf(shardFieldOf(definition)));
  const times = decoded.column('timestamp');
  const found = new Set<number>();
  for (let row = 0; row < decoded.rowCount; row++) {
    found.add(layout.shardOf(values.at(row) as string, monthAt(times.at(row) as number)));
  }
  const [shard] = found;
  if (found.size === 1) return [{ ...block, shard: shard! }];
  const builder = encoder.builder();
  builder.appendCanonicalRows(preparedRows(decoded, definition)).complete();
  return builder.finish().map(({ shard: own, month, bytes, rowCount }) => ({
    ...block,
    id: `${block.id}/shard${own}/${month}`,
    bytes,
    rowCount,
    shard: own,
  }));
}

function preparedRows(block: DecodedBlock, definition: RecordTable['definition']): PreparedRow[] {
  const versions = block.column('written_at');
  return canonicalRows([{ block, from: 0, to: block.rowCount }], definition).map((row, i) => {
    const version = versions.at(i) as bigint | number;
    return { row, version: typeof version === 'number' ? versionAt(version) : version };
  });
}
