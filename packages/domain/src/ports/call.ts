import { TimeoutError, ValidationError } from '../errors.js';

/** Limits of one call, taken by every port method. */
export interface CallOptions {
  /** Ends the call: it rejects with the signal's reason, and the query is cancelled on its server where possible. */
  signal?: AbortSignal;
  /**
   * Epoch milliseconds by which the call must have ended. Past it, it rejects with `TimeoutError`; what is no number is refused
   * with `ValidationError`. Default is the adapter's request timeout.
   */
  deadline?: number;
}

/** How values are returned. */
export interface ReadOptions<E extends boolean = false> extends CallOptions {
  /**
   * With `true`, decimals are exact strings and 64-bit integers are bigints. Default is `false`: both are numbers, and a
   * value that no number stands for fails the read with `QueryError` rather than being rounded.
   */
  exact?: E;
}

/**
 * Throws at once what a call with these options would end with: the signal's reason, `TimeoutError`, or `ValidationError` for
 * a deadline that never comes because it is no number.
 */
export function checkCall(options: CallOptions | undefined, operation: string): void {
  options?.signal?.throwIfAborted();
  const deadline = options?.deadline;
  if (deadline === undefined || Date.now() < deadline) return;
  if (typeof deadline !== 'number' || Number.isNaN(deadline)) {
    throw new ValidationError('deadline', 'must be a number', { operation });
  }
  throw new TimeoutError(0, { operation });
}

/** Begins work. What it throws, its promise rejects with. */
export function promised<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work();
  } catch (error) {
    return Promise.reject(error as Error);
  }
}
