import type { CopyComparison } from '@quantumtrade/dal-domain/operations';
import { count } from './output.js';

/** Whether no copy lacks a table, or has other rows than another copy of its shard. */
export const isAlike = ({ differences, lacking }: CopyComparison): boolean =>
  differences.length === 0 && lacking.length === 0;

/** Returns a line for each difference, and for what could not be compared; one that says so where there is none. */
export function describeComparison(compared: CopyComparison): string[] {
  const { partitions, differences, unsettled, lacking, unreachable } = compared;
  const alike = `${partitions} partitions are the same on the copies of their shards.`;
  return [
    ...lacking.map(({ server, table }) => `${server} lacks the table ${table}`),
    ...differences.map(({ shard, table, partition, copies }) => {
      const rows = copies.map(({ server, rows: found }) => `${server} has ${count(found)} rows`);
      const isCountEqual = copies.every(({ rows: found }) => found === copies[0]!.rows);
      return `shard ${shard}, ${table}, partition ${partition}: ${rows.join(', ')}${isCountEqual ? ', with other values' : ''}`;
    }),
    ...unsettled.map(
      ({ shard, table, partition }) =>
        `shard ${shard}, ${table}, partition ${partition}: changed while it was compared; compare again`,
    ),
    ...unreachable.map(({ server, error }) => `${server} cannot be reached: ${error}`),
    ...(isAlike(compared) && unsettled.length === 0 && unreachable.length === 0 ? [alike] : []),
  ];
}
