import { PRIORITIES, type Priority } from '@quantumtrade/dal-runtime';
import { TimeoutError, ValidationError } from '../errors.js';
import { keysOf, requireKnownKeys } from '../arguments.js';
import type { TimeSource } from './clock.js';
import { systemClock } from './clock.js';
import { writesToSee } from './write-token.js';

/** Limits of one call, taken by every port method. An unknown key is refused with `ValidationError`. */
export interface CallOptions {
  /** Ends the call: it rejects with the signal's reason, and the query is cancelled on its server where possible. */
  signal?: AbortSignal;
  /**
   * Epoch milliseconds by which the call must have ended; `Infinity` is no deadline. Past it, the call rejects with
   * `TimeoutError`; what is no number is refused with `ValidationError`. Default is the adapter's request timeout.
   */
  deadline?: number;
  /**
   * Importance of the call while calls wait for a connection to the store: `high`, `normal` or `low`. Anything else is refused with
   * `ValidationError`. Without effect on a call that need not wait, and on stores in which none waits. Default is `normal`.
   */
  priority?: Priority;
}

/** Limits of one read of the store, and the writes that it must see. */
export interface StoreReadOptions extends CallOptions {
  /**
   * Write tokens, the `writeToken` of results. The read sees these writes and all that their server stored before. It goes to a
   * server that has them, waits for one until its deadline if there is none, and is not answered from the cache.
   *
   * What is no token is refused with `ValidationError`. A `TimeoutError` or a retryable `ConnectionError` says which write no
   * server is known to have. @default the read may be answered by a server that has not got the latest writes yet
   */
  readAfter?: string | readonly string[];
  /**
   * Longest wait for a server that has the writes of `readAfter`, in milliseconds; after it the read fails with `TimeoutError`. What is
   * no number above 0 is refused with `ValidationError`. @default until the deadline
   */
  readAfterTimeoutMs?: number;
}

/** How values are returned. */
export interface ReadOptions<E extends boolean = false> extends StoreReadOptions {
  /**
   * With `true`, decimals are exact strings and 64-bit integers are bigints. Default is `false`: both are numbers, and a
   * value that no number stands for fails the read with `QueryError` rather than being rounded.
   */
  exact?: E;
}

/** Outcome of a read while a shard of the store cannot be read: `refused`, it fails; `allowed`, it does without the shard. */
export type MissingShards = 'refused' | 'allowed';

/** Whether a read may do without shards. */
export interface MissingShardsOption<M extends MissingShards = MissingShards> {
  /**
   * With `allowed`, the answer lacks the rows of shards of which no copy can be reached, and has a member `missing` that names them; it is
   * empty where the answer is complete, as it always is on a store without shards. The answer is neither cached nor shared with other
   * callers. Any other failure fails the call. Anything else is refused with `ValidationError`. @default refused: the call fails
   */
  missingShards?: M;
}

/** The keys of {@link CallOptions}. */
export const CALL_OPTIONS = keysOf<CallOptions>({ signal: true, deadline: true, priority: true });

/** The keys of {@link StoreReadOptions}. */
export const STORE_READ_OPTIONS = keysOf<StoreReadOptions>({
  signal: true,
  deadline: true,
  priority: true,
  readAfter: true,
  readAfterTimeoutMs: true,
});

/** The keys of {@link ReadOptions}. */
export const READ_OPTIONS = keysOf<ReadOptions>({
  signal: true,
  deadline: true,
  priority: true,
  readAfter: true,
  readAfterTimeoutMs: true,
  exact: true,
});

const MISSING_SHARDS: readonly MissingShards[] = ['refused', 'allowed'];
const MISSING_SHARDS_OPTION = keysOf<MissingShardsOption>({ missingShards: true });

/** The keys of {@link ReadOptions} and {@link MissingShardsOption}. */
export const PARTIAL_READ_OPTIONS = [...READ_OPTIONS, ...MISSING_SHARDS_OPTION];

/** The keys of {@link StoreReadOptions} and {@link MissingShardsOption}. */
export const PARTIAL_STORE_READ_OPTIONS = [...STORE_READ_OPTIONS, ...MISSING_SHARDS_OPTION];

/**
 * Checks the options of a call: throws `ValidationError` naming an unknown key or a member of a wrong type, and what a call
 * that is over ends with: the signal's reason or `TimeoutError`.
 */
export function checkCall(
  options: CallOptions | undefined,
  operation: string,
  known: readonly string[] = CALL_OPTIONS,
  clock: TimeSource = systemClock,
): void {
  if (options === undefined) return;
  checkOptions(options, operation, known);
  checkTime(options, operation, clock);
}

/** Throws `ValidationError` naming an unknown key, or a member of {@link ReadOptions} that is of a wrong type. */
export function checkOptions(options: object, operation: string, known: readonly string[]): void {
  try {
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      throw new ValidationError('options', 'must be an object', { operation });
    }
    // Object.keys would make a list for each call.
    for (const key in options) if (!known.includes(key)) requireKnownKeys({ [key]: true }, known, operation);
    const { signal, deadline, priority, exact, readAfter, readAfterTimeoutMs, missingShards } =
      options as ReadOptions<boolean> & MissingShardsOption;
    if (signal !== undefined && typeof (signal as AbortSignal | null)?.throwIfAborted !== 'function') {
      throw new ValidationError('signal', 'must be an AbortSignal', { operation });
    }
    if (deadline !== undefined && (typeof deadline !== 'number' || Number.isNaN(deadline))) {
      throw new ValidationError('deadline', 'must be a number of epoch milliseconds', { operation });
    }
    if (priority !== undefined && !PRIORITIES.includes(priority)) {
      throw new ValidationError('priority', 'must be high, normal or low', { operation });
    }
    if (exact !== undefined && typeof exact !== 'boolean') {
      throw new ValidationError('exact', 'must be true or false', { operation });
    }
    if (missingShards !== undefined && !MISSING_SHARDS.includes(missingShards)) {
      throw new ValidationError('missingShards', 'must be refused or allowed', { operation });
    }
    if (readAfter !== undefined) writesToSee(readAfter, operation);
    if (
      readAfterTimeoutMs !== undefined &&
      !(typeof readAfterTimeoutMs === 'number' && readAfterTimeoutMs > 0)
    ) {
      throw new ValidationError('readAfterTimeoutMs', 'must be a number above 0', { operation });
    }
  } catch (error) {
    throw error instanceof ValidationError
      ? error
      : new ValidationError('options', 'cannot be read', { operation });
  }
}

/** Throws the signal's reason or `TimeoutError` when a call is over. */
export function checkTime(
  { signal, deadline }: CallOptions,
  operation: string,
  clock: TimeSource = systemClock,
): void {
  signal?.throwIfAborted();
  if (deadline !== undefined && deadline <= clock.now()) throw new TimeoutError(0, { operation });
}
