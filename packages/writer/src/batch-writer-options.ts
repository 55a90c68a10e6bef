import {
  isMapOfOwn,
  keysOf,
  requireClock,
  requireKnownKeys,
  requireOneOf,
  requireType,
  requireWholeNumber,
  ValidationError,
} from '@quantumtrade/dal-domain';
import type { Clock } from '@quantumtrade/dal-runtime';
import { systemClock } from '@quantumtrade/dal-runtime';
import type { BatchWriterEventListener } from './batch-writer-events.js';
import type { Durability } from './buffers/pending-write.js';
import type { RetryOptions } from './retry.js';
import { requireRetryOptions } from './retry.js';

/** Totals since a batch writer was opened, and the work that it has left. */
export interface WriteProgress {
  /** Rows that are stored, or journaled. */
  readonly rows: number;
  /** Blocks of these rows. */
  readonly blocks: number;
  /** Bytes of these blocks. */
  readonly bytes: number;
  /** Bytes in the buffers and of blocks in flight. */
  readonly pendingBytes: number;
  /** Blocks in the journal that are possibly not stored yet. */
  readonly journaledBlocks: number;
  /** When the oldest of them was journaled; null while there is none, or delivery has not read it yet (epoch milliseconds). */
  readonly oldestJournaledAt: number | null;
  /** Reason why delivery of the journal is paused, e.g. a refused login; null while it is not. */
  readonly deliveryPausedBy: string | null;
}

/** Which batches have the rows counted that lose to a newer version. */
export type CountSuperseded = 'timed' | 'always' | 'never';

export interface BatchWriterOptions {
  /**
   * When a write resolves: after the store's answer (`acknowledged`), or once the rows are durable in the journal
   * (`journaled`), to be stored later. @default 'acknowledged'
   */
  readonly durability?: Durability;
  /**
   * Which batches have the rows counted that lose to a newer version, as `supersededCount`:
   * - `timed`: those with a time of their own (`timestamp`, or `computedAt` of a feature set), and all batches that are
   *   sent in one block with them. A batch without a time has a version that is newer than every version issued before in
   *   this process. Its count is 0, although a process whose clock is ahead may have stored a newer version.
   * - `always`: all batches. Costs a query for each block.
   * - `never`: none.
   * A journaled write resolves before its rows are compared with the store; its count is null.
   * @default 'timed'
   */
  readonly countSuperseded?: CountSuperseded;
  /**
   * Rows at which a block is sent, before a batch as large as the largest one in it would exceed them. A single batch may
   * have more; the store splits a block that exceeds its own limit. @default 100,000 (rows)
   */
  readonly maxRows?: number;
  /** Bytes at which a block is sent; its last batch may exceed them. @default 16,777,216 (bytes) */
  readonly maxBytes?: number;
  /**
   * Least time between two blocks that are not full, and so the longest time that rows wait for others. After a longer
   * pause the first rows are sent immediately. @default 20 (milliseconds)
   */
  readonly maxAgeMs?: number;
  /** Blocks sent at the same time. @default 2 (blocks) */
  readonly maxInFlight?: number;
  /** Bytes in the buffers and in flight at which writes wait; exceeded by one batch at most. @default 67,108,864 (bytes) */
  readonly maxPendingBytes?: number;
  /**
   * Limits and delays of repeated attempts. `maxAttempts` applies to blocks whose callers wait; without it they wait until
   * their deadlines, however long the store is unavailable.
   */
  readonly retry?: RetryOptions;
  /** Called after each block that is stored, or journaled. */
  readonly onProgress?: (progress: WriteProgress) => void;
  readonly onEvent?: BatchWriterEventListener;
  /** @default the system's clock */
  readonly clock?: Clock;
}

const KNOWN_OPTIONS = keysOf<BatchWriterOptions>({
  durability: true,
  countSuperseded: true,
  maxRows: true,
  maxBytes: true,
  maxAgeMs: true,
  maxInFlight: true,
  maxPendingBytes: true,
  retry: true,
  onProgress: true,
  onEvent: true,
  clock: true,
});

export const OPEN_WRITER = 'batchWriter.open';

const MIB = 1024 * 1024;
const DEFAULTS = {
  durability: 'acknowledged',
  countSuperseded: 'timed',
  maxRows: 100_000,
  maxBytes: 16 * MIB,
  maxAgeMs: 20,
  maxInFlight: 2,
  maxPendingBytes: 64 * MIB,
  clock: systemClock,
} as const;

const DURABILITIES: readonly Durability[] = ['acknowledged', 'journaled'];
const COUNT_SUPERSEDED: readonly CountSuperseded[] = ['timed', 'always', 'never'];
const COUNTS = ['maxRows', 'maxBytes', 'maxInFlight', 'maxPendingBytes'] as const;

export type CompleteWriterOptions = BatchWriterOptions &
  Required<Pick<BatchWriterOptions, keyof typeof DEFAULTS>>;

/** Adds the defaults. Throws `ValidationError` naming an option that is unknown or wrong. */
export function completeWriterOptions(options: BatchWriterOptions): CompleteWriterOptions {
  requireWriterOptions(options);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { ...DEFAULTS, ...given };
}

/** Throws `ValidationError` naming an option that is wrong, or that is neither known nor one of `more`. */
export function requireWriterOptions(options: BatchWriterOptions, more: readonly string[] = []): void {
  const given: unknown = options;
  if (!isMapOfOwn(given)) {
    throw new ValidationError('options', 'must be a plain object', { operation: OPEN_WRITER });
  }
  requireKnownKeys(given, [...KNOWN_OPTIONS, ...more], OPEN_WRITER);
  requireOneOf('durability', options.durability, DURABILITIES, OPEN_WRITER);
  requireOneOf('countSuperseded', options.countSuperseded, COUNT_SUPERSEDED, OPEN_WRITER);
  for (const name of COUNTS) requireWholeNumber(name, options[name], OPEN_WRITER, { min: 1 });
  requireWholeNumber('maxAgeMs', options.maxAgeMs, OPEN_WRITER);
  requireRetryOptions(options.retry, OPEN_WRITER);
  for (const name of ['onProgress', 'onEvent'] as const) {
    requireType(name, options[name], 'function', OPEN_WRITER);
  }
  requireClock('clock', options.clock, OPEN_WRITER);
}
