import type { CallOptions } from '@quantumtrade/dal-domain';
import type { CopyComparison, CopyDifference, ShardPartition } from '@quantumtrade/dal-domain/operations';
import { sleep, systemClock } from '@quantumtrade/dal-runtime';
import { byShard, type ClusterServer } from '../cluster-server.js';
import {
  bucketsFor,
  countOnCopies,
  differingBuckets,
  isSame,
  readBuckets,
  rowsOfBuckets,
  type Buckets,
} from './copy-buckets.js';
import { readCopiedPartitions, type ComparedTime, type CopiedPartition } from './copy-tables.js';

/** Partitions of which the readings are kept at once. */
const BATCH = 8;
/** Readings of a partition that changes each time. */
const MAX_READINGS = 4;

/** Way of a comparison. */
export interface ComparisonLimits {
  readonly time: ComparedTime;
  readonly settleMs: number;
  /** Whether values are compared where the numbers of rows are equal. */
  readonly content: boolean;
  readonly operation: string;
  readonly options: CallOptions;
}

/** A difference with the buckets that it was found in. */
export interface FoundDifference {
  readonly partition: CopiedPartition;
  readonly bucketCount: number;
  readonly buckets: readonly number[];
  /** Rows on each copy. */
  readonly rows: readonly number[];
}

/** Differences of partitions, and partitions that changed in each reading. */
export interface SettledDifferences {
  readonly differences: readonly FoundDifference[];
  readonly unsettled: readonly ShardPartition[];
}

type ComparedShards = SettledDifferences & Pick<CopyComparison, 'partitions' | 'lacking'>;

interface OpenPartition {
  readonly partition: CopiedPartition;
  readonly bucketCount: number;
  readonly reading: readonly Buckets[];
}

/** Compares the copies of all shards, one partition after the other. All servers can be reached. */
export async function compareShards(
  servers: readonly ClusterServer[],
  limits: ComparisonLimits,
): Promise<ComparedShards> {
  const { operation, options } = limits;
  const found = { partitions: 0, lacking: [], differences: [], unsettled: [] } as {
    -readonly [Name in keyof ComparedShards]: ComparedShards[Name];
  };
  for (const copies of byShard(servers)) {
    const { partitions, lacking } = await readCopiedPartitions(copies, operation, options);
    const { differences, unsettled } = await findDifferences(partitions, limits);
    found.partitions += partitions.length;
    found.lacking = [...found.lacking, ...lacking];
    found.differences = [...found.differences, ...differences];
    found.unsettled = [...found.unsettled, ...unsettled];
  }
  return found;
}

/** Compares partitions. Those that seem to differ are read again, until the same rows differ in two readings. */
export async function findDifferences(
  partitions: readonly CopiedPartition[],
  limits: ComparisonLimits,
): Promise<SettledDifferences> {
  const differences: FoundDifference[] = [];
  const unsettled: ShardPartition[] = [];
  let batch: OpenPartition[] = [];
  const settle = async () => {
    const found = await settleDifferences(batch, limits);
    differences.push(...found.differences);
    unsettled.push(...found.unsettled);
    batch = [];
  };
  for (const partition of partitions) {
    const open = await openPartition(partition, limits);
    if (!open) continue;
    batch.push(open);
    if (batch.length === BATCH) await settle();
  }
  await settle();
  return { differences, unsettled };
}

/** Returns a partition that seems to differ, with its first reading. */
async function openPartition(
  partition: CopiedPartition,
  limits: ComparisonLimits,
): Promise<OpenPartition | undefined> {
  const { time, content, operation, options } = limits;
  const counts = await countOnCopies(partition, time, operation, options);
  const isEqual = counts.every((count) => count === counts[0]);
  if (isEqual && (!content || !(await hasOtherContent(partition, limits)))) return undefined;
  const bucketCount = bucketsFor(Math.max(...counts));
  return { partition, bucketCount, reading: await readAgain(partition, bucketCount, limits) };
}

const readAgain = (
  partition: CopiedPartition,
  bucketCount: number,
  { time, operation, options }: ComparisonLimits,
) => readBuckets(partition, partition.copies, bucketCount, time, operation, options);

const hasOtherContent = async (partition: CopiedPartition, limits: ComparisonLimits): Promise<boolean> =>
  differingBuckets(await readAgain(partition, 1, limits)).length > 0;

async function settleDifferences(
  batch: readonly OpenPartition[],
  limits: ComparisonLimits,
): Promise<SettledDifferences> {
  const { settleMs } = limits;
  const { signal, deadline = Infinity } = limits.options;
  const differences: FoundDifference[] = [];
  let open = batch.filter(({ reading }) => differingBuckets(reading).length > 0);
  for (let readings = 1; open.length > 0 && readings < MAX_READINGS; readings++) {
    await sleep(Math.min(settleMs, deadline - Date.now()), systemClock, signal);
    const changed: OpenPartition[] = [];
    for (const { partition, bucketCount, reading: before } of open) {
      const reading = await readAgain(partition, bucketCount, limits);
      const differing = differingBuckets(reading);
      const buckets = differing.filter((bucket) =>
        reading.every((copy, index) => isSame(copy, before[index]!, bucket)),
      );
      if (buckets.length > 0)
        differences.push({ partition, bucketCount, buckets, rows: reading.map(rowsOfBuckets) });
      else if (differing.length > 0) changed.push({ partition, bucketCount, reading });
    }
    open = changed;
  }
  return { differences, unsettled: open.map(({ partition }) => shardPartitionOf(partition)) };
}

export const shardPartitionOf = ({ shard, table, partition }: CopiedPartition): ShardPartition => ({
  shard,
  table,
  partition,
});

/** Returns a difference for the caller. */
export function toCopyDifference({ partition, rows }: FoundDifference): CopyDifference {
  const copies = partition.copies.map(({ name }, index) => ({ server: name, rows: rows[index]! }));
  return { ...shardPartitionOf(partition), copies };
}
