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
    const limit = setTimeout(
      () => {
        expire();
        onOverdue?.();
      },
      Math.min(limitMs, LONGEST_TIMER_MS),
    );
    work(() => isOver).then(
      (value) => {
        clearTimeout(limit);
        if (end()) resolve(value);
      },
      (error: unknown) => {
        clearTimeout(limit);
        leave(error);
      },
    );
  });
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
  const timer =
    deadline === undefined ? undefined : setTimeout(expire, Math.min(deadline - now, LONGEST_TIMER_MS));
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  };
}
