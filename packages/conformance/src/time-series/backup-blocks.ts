import type { EncodedBlock, RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { records } from '@quantumtrade/dal-domain';
import type { DatabaseSnapshot, PartitionContent, RestoreTarget } from '@quantumtrade/dal-domain/operations';
import { marketDataCase } from './block-samples.js';
import { batchOfRows } from './record-cases.js';

/** Table of the bars that the tests of backups store. */
export const BAR_TABLE = records.marketData.table;

export const totalRows = (content: readonly PartitionContent[]): number =>
  content.reduce((sum, { rows }) => sum + rows, 0);

export const replay = (target: RestoreTarget, ...blocks: readonly EncodedBlock[]): Promise<void> =>
  target.replay(BAR_TABLE, blocks);

/** Encodes bars as the write path does, with a version that no other batch has. */
export async function blocksOf(
  backend: TimeSeriesBackend,
  rows: readonly unknown[],
  [day]: readonly number[],
): Promise<readonly EncodedBlock[]> {
  const collector = backend.blocks.collect('marketData' as RecordName);
  collector.append(batchOfRows(marketDataCase, rows, { timestamp: day }) as never);
  return collector.finish();
}

/** Copies all parts, in slices of two rows or more, and returns the number of rows. */
export async function copyTables(snapshot: DatabaseSnapshot, target: RestoreTarget): Promise<number> {
  let copied = 0;
  for (const { table, parts } of snapshot.tables) {
    for (const { name, rows } of parts) {
      const step = Math.max(2, Math.ceil(rows / 3));
      for (let from = 0; from < rows; from += step) {
        const block = await snapshot.read(table, name, from, Math.min(rows, from + step));
        await target.store(table, `${name}-${from}`, block.rows, block.bytes);
        copied += block.rows;
      }
    }
  }
  return copied;
}
