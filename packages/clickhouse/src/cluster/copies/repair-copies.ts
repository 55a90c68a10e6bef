import { randomUUID } from 'node:crypto';
import type { CopiedRows, RefusedCopy } from '@quantumtrade/dal-domain/operations';
import type { ClusterServer } from '../cluster-server.js';
import { bucketOf, isSame, readBuckets, type Buckets } from './copy-buckets.js';
import { shardPartitionOf, type ComparisonLimits, type FoundDifference } from './compare-copies.js';
import { parametersOf } from './copy-tables.js';
import { deletedElsewhere } from './deleted-rows.js';

/** Rows of one insert, at most unless a bucket has more. */
const ROWS_PER_INSERT = 100_000;
/** Buckets of one insert, whose numbers are a parameter of the query. */
const BUCKETS_PER_INSERT = 4_096;

/** Way of a repair. */
export interface RepairLimits extends ComparisonLimits {
  readonly restoreDeleted: boolean;
}

/**
 * Writes the rows of all copies to the first one, and its rows to the others. Of two rows with the same key and version, all copies have
 * the first one's then.
 */
export async function repairPartition(
  difference: FoundDifference,
  limits: RepairLimits,
): Promise<{ copied: CopiedRows[]; refused: RefusedCopy[] }> {
  const [first, ...others] = difference.partition.copies;
  const copied: CopiedRows[] = [];
  const refused: RefusedCopy[] = [];
  const moves = [
    ...others.map((from) => ({ from, to: first! })),
    ...others.map((to) => ({ from: first!, to })),
  ];
  for (const { from, to } of moves) {
    const result = await copyRows(difference, from, to, limits);
    const found = { ...shardPartitionOf(difference.partition), server: to.name };
    if (typeof result === 'string') refused.push({ ...found, reason: result });
    else if (result > 0) copied.push({ ...found, rows: result });
  }
  return { copied, refused };
}

/** Writes the rows of buckets that differ to another copy. Returns their number, or why they are not written. */
async function copyRows(
  { partition, bucketCount, buckets }: FoundDifference,
  from: ClusterServer,
  to: ClusterServer,
  limits: RepairLimits,
): Promise<number | string> {
  const { time, operation, options, restoreDeleted } = limits;
  const { table, columns, condition } = partition;
  const [source, target] = await readBuckets(partition, [from, to], bucketCount, time, operation, options);
  const lacking = buckets.filter((bucket) => source!.has(bucket) && !isSame(source!, target!, bucket));
  if (lacking.length === 0) return 0;
  const reason = restoreDeleted ? undefined : await deletedElsewhere(from, to, table, operation, options);
  if (reason !== undefined) return reason;
  const names = columns.map(({ name }) => `\`${name}\``).join(', ');
  const query = `SELECT ${names} FROM ${table} FINAL
    WHERE ${condition} AND has({lacking:Array(UInt32)}, toUInt32(${bucketOf(partition)}))`;
  let written = 0;
  for (const group of groupsOf(lacking, source!)) {
    const params = { ...parametersOf(partition, time), buckets: bucketCount, lacking: group };
    const { bytes, rowCount } = await from.sql.compressed(operation, query, params, options);
    if (rowCount === 0) continue;
    const block = { table, token: randomUUID(), bytes, rowCount, isZstd: true, retried: true };
    await to.sql.insert(operation, block, options);
    written += rowCount;
  }
  return written;
}

/** Divides buckets into groups of so many rows. */
function groupsOf(buckets: readonly number[], content: Buckets): number[][] {
  const groups: number[][] = [];
  let rows = Infinity;
  for (const bucket of buckets) {
    const own = content.get(bucket)!.rows;
    if (rows + own > ROWS_PER_INSERT || groups.at(-1)!.length === BUCKETS_PER_INSERT) {
      groups.push([]);
      rows = 0;
    }
    groups.at(-1)!.push(bucket);
    rows += own;
  }
  return groups;
}
