import type { CallOptions } from '@quantumtrade/dal-domain';
import { checkCall, TimeoutError } from '@quantumtrade/dal-domain';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs work that ends by `limitMs` or the call's deadline, whichever is first, or when its signal is aborted. The work
 * itself goes on: it asks `isOver` before it does what should no longer be done. When it still goes on at `limitMs`,
 * `onOverdue` is called, even if the caller has left before.
 */
export function bounded<T>(
  operation: string,
  options: CallOptions | undefined,
  limitMs: number,
  work: (isOver: () => boolean) => Promise<T>,
  onOverdue?: () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    checkCall(options, operation);
    const begin = Date.now();
    let isOver = false;
    let stopWatching: (() => void) | undefined;
    const end = (): boolean => {
      if (isOver) return false;
      isOver = true;
      stopWatching?.();
      return true;
    };
    const leave = (reason: unknown) => {
      if (end()) reject(reason);
    };
    const expire = () => leave(new TimeoutError(Date.now() - begin, { operation }));
    if (options) stopWatching = watch(options, begin, leave, expire);
    let hasEnded = false;
    const endWork = () => {
      hasEnded = true;
      clearTimeout(limit);
    };
    const limit = after(limitMs, () => {
      if (hasEnded) return;
      expire();
      onOverdue?.();
    });
    work(() => isOver).then(
      (value) => {
        endWork();
        if (end()) resolve(value);
      },
      (error: unknown) => {
        endWork();
        leave(error);
      },
    );
  });
}

/** A process that was busy for too long takes what has come meanwhile before it gives up. */
function after(ms: number, act: () => void): NodeJS.Timeout {
  return setTimeout(() => setImmediate(act), Math.min(ms, LONGEST_TIMER_MS));
}

/** Tells when a call's own limits end it, until the function returned is called. */
function watch(
  { signal, deadline }: CallOptions,
  now: number,
  leave: (reason: unknown) => void,
  expire: () => void,
): () => void {
  const onAbort = () => leave(signal!.reason);
  signal?.addEventListener('abort', onAbort);
  const timer = deadline === undefined ? undefined : after(deadline - now, expire);
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  };
}
