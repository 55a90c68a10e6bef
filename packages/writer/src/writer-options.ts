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
import type { WriteProgress } from './batch-writer.js';
import type { WriterEventListener } from './events.js';
import type { RetryOptions } from './retry.js';
import { requireRetryOptions } from './retry.js';
import type { Durability } from './buffers/pending-write.js';
import type { Timers } from './timers.js';
import { systemTimers } from './timers.js';

/** Which batches have the rows counted that lose to a newer version. */
export type CountSuperseded = 'timed' | 'always' | 'never';

export interface BatchWriterOptions {
  /**
   * When a write resolves: after the store's answer, or once the rows are durable in the journal, to be stored later.
   * Default is `acknowledged`.
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
   * Rows at which a block leaves: before another batch as large as its largest would make it more. A single batch may have more;
   * the store splits what is more than it takes at once. Default is 100,000.
   */
  readonly maxRows?: number;
  /** Bytes at which a block leaves; it has more by what its last batch brings. Default is 16 MiB. */
  readonly maxBytes?: number;
  /**
   * How long a block that is not full leaves after the one before, at least, in milliseconds; and how long its rows wait for
   * others, at most. After a longer pause the first rows leave at once. Default is 20.
   */
  readonly maxAgeMs?: number;
  /** Blocks sent at the same time. Default is 2. */
  readonly maxInFlight?: number;
  /** Bytes collected and under way at which writes wait; exceeded by one batch at most. Default is 64 MiB. */
  readonly maxPendingBytes?: number;
  /**
   * How often and how fast a block is tried again. `maxAttempts` counts for a block whose callers wait; without it they wait
   * until their deadlines, however long the store is away.
   */
  readonly retry?: RetryOptions;
  /** Told after each block that is stored, or journaled. */
  readonly onProgress?: (progress: WriteProgress) => void;
  readonly onEvent?: WriterEventListener;
  /** Default is the system's clock. */
  readonly timers?: Timers;
}

/** The keys of {@link BatchWriterOptions}. */
export const WRITER_OPTIONS = keysOf<BatchWriterOptions>({
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
  timers: true,
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
  timers: systemTimers,
} as const;

const DURABILITIES: readonly Durability[] = ['acknowledged', 'journaled'];
const COUNT_SUPERSEDED: readonly CountSuperseded[] = ['timed', 'always', 'never'];
const COUNTS = ['maxRows', 'maxBytes', 'maxInFlight', 'maxPendingBytes'] as const;

export type CompleteWriterOptions = BatchWriterOptions &
  Required<Pick<BatchWriterOptions, keyof typeof DEFAULTS>>;

/** Fills in the defaults. Throws `ValidationError` naming an option that is unknown or wrong. */
export function withDefaults(options: BatchWriterOptions): CompleteWriterOptions {
  requireWriterOptions(options);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { ...DEFAULTS, ...given };
}

/** Throws `ValidationError` naming an option that is wrong, or unknown and not among `more`. */
export function requireWriterOptions(options: BatchWriterOptions, more: readonly string[] = []): void {
  const given: unknown = options;
  if (!isMapOfOwn(given)) {
    throw new ValidationError('options', 'must be a plain object', { operation: OPEN_WRITER });
  }
  requireKnownKeys(given, [...WRITER_OPTIONS, ...more], OPEN_WRITER);
  requireOneOf('durability', options.durability, DURABILITIES, OPEN_WRITER);
  requireOneOf('countSuperseded', options.countSuperseded, COUNT_SUPERSEDED, OPEN_WRITER);
  for (const name of COUNTS) requireWholeNumber(name, options[name], OPEN_WRITER, { min: 1 });
  requireWholeNumber('maxAgeMs', options.maxAgeMs, OPEN_WRITER);
  requireRetryOptions(options.retry, OPEN_WRITER);
  for (const name of ['onProgress', 'onEvent'] as const) {
    requireType(name, options[name], 'function', OPEN_WRITER);
  }
  requireClock('timers', options.timers, OPEN_WRITER);
}
