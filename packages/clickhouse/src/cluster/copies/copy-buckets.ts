import type { CallOptions } from '@quantumtrade/dal-domain';
import { allOf } from '@quantumtrade/dal-runtime';
import { CONTENT_OF_BYTES, rowBytesOf } from '../../backup/table-content.js';
import type { ClusterServer } from '../cluster-server.js';
import { parametersOf, type ComparedTime, type CopiedPartition } from './copy-tables.js';

/** Few, so that writes on their way touch few buckets, and a repair writes few rows in vain. */
const ROWS_PER_BUCKET = 4;
const MAX_BUCKETS = 16_384;

/** Rows and content hash of a part of a partition: the rows whose keys have one hash. */
interface BucketContent {
  readonly rows: number;
  readonly hash: string;
}

/** Content of a partition on one copy, by the number of the bucket. */
export type Buckets = ReadonlyMap<number, BucketContent>;

/** Returns into how many buckets a partition of so many rows is divided. */
export const bucketsFor = (rows: number): number =>
  Math.min(MAX_BUCKETS, Math.max(1, Math.ceil(rows / ROWS_PER_BUCKET)));

/** Returns the bucket of a row, as SQL with the parameter `buckets`. */
export const bucketOf = ({ key }: CopiedPartition): string => `cityHash64(${key}) % {buckets:UInt64}`;

/** Counts the rows of a partition on each copy, one for each key. */
export function countOnCopies(
  partition: CopiedPartition,
  time: ComparedTime,
  operation: string,
  options: CallOptions,
): Promise<number[]> {
  const query = `SELECT count() AS rows FROM ${partition.table} FINAL WHERE ${partition.condition}`;
  return allOf(
    partition.copies.map(async ({ sql }) => {
      const [found] = await sql.rows<{ rows: bigint }>(
        operation,
        query,
        parametersOf(partition, time),
        options,
      );
      return Number(found!.rows);
    }),
  );
}

/** Reads the content of a partition on some of its copies. */
export function readBuckets(
  partition: CopiedPartition,
  copies: readonly ClusterServer[],
  buckets: number,
  time: ComparedTime,
  operation: string,
  options: CallOptions,
): Promise<Buckets[]> {
  const { table, columns, condition } = partition;
  const query = `SELECT bucket, ${CONTENT_OF_BYTES}
    FROM (SELECT toUInt32(${bucketOf(partition)}) AS bucket, ${rowBytesOf(columns)} FROM ${table} FINAL WHERE ${condition})
    GROUP BY bucket`;
  const params = { ...parametersOf(partition, time), buckets };
  return allOf(
    copies.map(async ({ sql }) => {
      const found = await sql.rows<{ bucket: number; rows: bigint; hash: string }>(
        operation,
        query,
        params,
        options,
      );
      return new Map(found.map(({ bucket, rows, hash }) => [bucket, { rows: Number(rows), hash }]));
    }),
  );
}

/** Returns the buckets that are not the same on all copies. */
export function differingBuckets(copies: readonly Buckets[]): number[] {
  const all = new Set(copies.flatMap((buckets) => [...buckets.keys()]));
  return [...all].filter((bucket) => copies.some((copy) => !isSame(copy, copies[0]!, bucket)));
}

/** Whether a bucket has the same rows in two readings. */
export function isSame(one: Buckets, other: Buckets, bucket: number): boolean {
  const [a, b] = [one.get(bucket), other.get(bucket)];
  return a?.hash === b?.hash && a?.rows === b?.rows;
}

/** Returns the number of rows of all buckets together. */
export function rowsOfBuckets(buckets: Buckets): number {
  let sum = 0;
  for (const { rows } of buckets.values()) sum += rows;
  return sum;
}
