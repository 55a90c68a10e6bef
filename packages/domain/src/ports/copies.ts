import { keysOf, requireType, requireWholeNumber } from '../arguments.js';
import type { CallOptions } from './call.js';

/** A partition of a table on one shard. */
export interface ShardPartition {
  /** Number of the shard. */
  readonly shard: string;
  readonly table: string;
  readonly partition: string;
}

/** Rows of a partition on one copy. */
export interface CopyContent {
  /** Host and port, e.g. `ch-2:8123`. */
  readonly server: string;
  /** Rows, one for each key. Those that were written lately, or are about to be deleted for their age, are left out. */
  readonly rows: number;
}

/** A partition that differs among the copies of its shard. With equal numbers of rows, their values differ. */
export interface CopyDifference extends ShardPartition {
  readonly copies: readonly CopyContent[];
}

/** Result of a comparison of the copies of all shards. */
export interface CopyComparison {
  /** Partitions that at least two copies were compared in. */
  readonly partitions: number;
  readonly differences: readonly CopyDifference[];
  /** Partitions whose rows changed each time that they were read, so that the comparison says nothing about them. */
  readonly unsettled: readonly ShardPartition[];
  /** Tables that a copy lacks and another copy of its shard has. */
  readonly lacking: readonly { readonly server: string; readonly table: string }[];
  /** Copies that cannot be reached, with the reason. They are not compared. */
  readonly unreachable: readonly { readonly server: string; readonly error: string }[];
}

/** Rows that a repair wrote to a copy. */
export interface CopiedRows extends ShardPartition {
  /** Copy that the rows were written to. */
  readonly server: string;
  /** Rows written; rows beside the missing ones are written again, without effect. */
  readonly rows: number;
}

/** Rows that a repair did not write to a copy. */
export interface RefusedCopy extends ShardPartition {
  /** Copy that the rows were not written to. */
  readonly server: string;
  readonly reason: string;
}

/** Result of a repair. */
export interface CopyRepair {
  readonly copied: readonly CopiedRows[];
  readonly refused: readonly RefusedCopy[];
  /** Comparison before the repair, with the differences and unsettled partitions that were left after it. */
  readonly after: CopyComparison;
}

interface SettleOptions extends CallOptions {
  /**
   * Time in which a write reaches all copies (milliseconds). Rows that were written within it before the call are left out, and a difference is
   * reported when it was the same after it. @default 5,000
   */
  readonly settleMs?: number | undefined;
}

/** Options of {@link CopyController.compare}. */
export interface CompareCopiesOptions extends SettleOptions {
  /** Compares the values of rows too, where their numbers are equal. It reads all columns of all rows. @default true */
  readonly content?: boolean | undefined;
}

/** Options of {@link CopyController.repair}. */
export interface RepairCopiesOptions extends SettleOptions {
  /** Writes rows also to a copy on which rows of the table were deleted by a statement that other copies did not get. @default false */
  readonly restoreDeleted?: boolean | undefined;
}

const SETTLE_OPTIONS = { signal: true, deadline: true, priority: true, settleMs: true } as const;

/** The keys of {@link CompareCopiesOptions}. */
export const COMPARE_COPIES_OPTIONS = keysOf<CompareCopiesOptions>({ ...SETTLE_OPTIONS, content: true });

/** The keys of {@link RepairCopiesOptions}. */
export const REPAIR_COPIES_OPTIONS = keysOf<RepairCopiesOptions>({ ...SETTLE_OPTIONS, restoreDeleted: true });

/** Throws `ValidationError` naming a wrong option of {@link CopyController}. */
export function requireCopyOptions(
  { content, restoreDeleted, settleMs }: CompareCopiesOptions & RepairCopiesOptions,
  operation: string,
): void {
  requireType('content', content, 'boolean', operation);
  requireType('restoreDeleted', restoreDeleted, 'boolean', operation);
  requireWholeNumber('settleMs', settleMs, operation);
}

/**
 * Compares and repairs the copies of each shard, where the writer stores each block on all of them. A store without such copies has no
 * differences.
 */
export interface CopyController {
  /**
   * Compares the copies of each shard by table and partition, one partition at a time: the numbers of their rows, then the values. A difference is
   * reported when two readings, `settleMs` apart, found it with the same rows. Changes nothing.
   *
   * Rejects when a copy fails meanwhile, and while copies have different columns. A copy that cannot be reached at the beginning is `unreachable`.
   */
  compare(options?: CompareCopiesOptions): Promise<CopyComparison>;

  /**
   * Writes rows that a copy lacks to it from the other copies of its shard. Of two rows of a key, the one with the greater version stays, as
   * with any write, so that it may run while programs write, and again after a failure.
   *
   * Rejects with `ConnectionError` or `TimeoutError` before a change when a copy cannot be reached.
   */
  repair(options?: RepairCopiesOptions): Promise<CopyRepair>;
}
