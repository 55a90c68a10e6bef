import { TimeoutError } from '@quantumtrade/dal-domain';
import { onAbort, type AbortSource } from '@quantumtrade/dal-runtime';
import type { CacheClock } from './clock.js';

/** What is used of an `AbortSignal`. */
export interface Signal extends AbortSource {
  readonly reason: unknown;
}

/** As the domain's `CallOptions`. */
export interface Limits {
  readonly signal?: Signal;
  readonly deadline?: number;
}

/**
 * Waits for work within the limits of a call: rejects with the signal's reason or with `TimeoutError` when they end it first.
 * Then `onLeave` is called with that error; the work itself goes on. A process that was busy past the deadline takes what
 * has come meanwhile before it gives up.
 */
export function waitFor<T>(
  work: Promise<T>,
  operation: string,
  limits: Limits | undefined,
  clock: CacheClock,
  onLeave?: (reason: unknown) => void,
): Promise<T> {
  if (limits?.signal === undefined && limits?.deadline === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    settle(work, operation, limits, clock, { resolve, reject, onLeave });
  });
}

interface Outcome<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
  /** Follows `reject` where the limits ended the waiting. */
  readonly onLeave?: ((reason: unknown) => void) | undefined;
}

/** The same without a promise of its own. */
export function settle<T>(
  work: Promise<T>,
  operation: string,
  { signal, deadline }: Limits,
  clock: CacheClock,
  outcome: Outcome<T>,
): void {
  const begin = clock.now();
  let isOver = false;
  let cancelTimer: (() => void) | undefined;
  let ignoreSignal: (() => void) | undefined;
  const end = (): boolean => {
    if (isOver) return false;
    isOver = true;
    cancelTimer?.();
    ignoreSignal?.();
    return true;
  };
  const leave = (reason: unknown) => {
    if (!end()) return;
    outcome.reject(reason);
    outcome.onLeave?.(reason);
  };
  const onTimeout = () => setImmediate(() => leave(new TimeoutError(clock.now() - begin, { operation })));
  work.then(
    (value) => {
      if (end()) outcome.resolve(value);
    },
    (error: unknown) => {
      if (end()) outcome.reject(error);
    },
  );
  if (signal) ignoreSignal = onAbort(signal, () => leave(signal.reason));
  if (isOver || deadline === undefined) return;
  if (deadline > begin) cancelTimer = clock.after(deadline - begin, onTimeout);
  else onTimeout();
}
