import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
import { TimeoutError } from '@quantumtrade/dal-domain';
import { onAbort } from '@quantumtrade/dal-runtime';

/** Where the time comes from and who calls back. Tests inject their own. */
export interface Timers extends TimeSource {
  /** Calls back after a span of milliseconds, unless the function returned is called before. */
  after(milliseconds: number, callback: () => void): () => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemTimers: Timers = {
  now: () => Date.now(),
  after(milliseconds, callback) {
    if (milliseconds <= 0) {
      // A timer takes a millisecond at least.
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(callback, Math.min(milliseconds, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** Calls back with the reason when the call's signal aborts or its deadline passes; returns how to stop watching. */
export function watchCall(
  { signal, deadline }: CallOptions,
  timers: Timers,
  operation: string,
  onOver: (reason: unknown) => void,
): () => void {
  const started = timers.now();
  const ignore = signal && onAbort(signal, () => onOver(signal.reason));
  const cancel =
    deadline === undefined || deadline === Infinity
      ? undefined
      : timers.after(deadline - started, () =>
          onOver(new TimeoutError(timers.now() - started, { operation })),
        );
  return () => {
    ignore?.();
    cancel?.();
  };
}

/** The promise's outcome, or the signal's reason once it aborts, whatever the promise does then. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const ignore = onAbort(signal, () => reject(signal.reason as Error));
    promise.then(resolve, reject).finally(ignore);
  });
}

/** Waits; rejects with the signal's reason when it aborts. */
export function sleep(milliseconds: number, timers: Timers, signal: AbortSignal): Promise<void> {
  let cancel: (() => void) | undefined;
  const pause = new Promise<void>((resolve) => (cancel = timers.after(milliseconds, resolve)));
  return untilAborted(pause, signal).finally(() => cancel?.());
}
