import type { CallOptions } from '@quantumtrade/dal-domain';
import { checkCall, promised, TimeoutError } from '@quantumtrade/dal-domain';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs work that ends by `limitMs` or the call's deadline, whichever is first, or when its signal is aborted. The work
 * itself goes on: it asks `isOver` before it does what should no longer be done. When it still goes on at `limitMs`,
 * `onOverdue` is called, even if the caller has left before. What the work rejects with is passed through `asError`.
 */
export function bounded<T>(
  operation: string,
  options: CallOptions | undefined,
  limitMs: number,
  work: (isOver: () => boolean) => Promise<T>,
  { onOverdue, asError }: { onOverdue?: () => void; asError?: (error: unknown) => unknown } = {},
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    checkCall(options, operation);
    const { signal, deadline = Infinity } = options ?? {};
    const begin = Date.now();
    const callMs = Math.min(limitMs, deadline - begin);
    let isOver = false;
    let hasEnded = false;
    const end = (): boolean => {
      if (isOver) return false;
      isOver = true;
      signal?.removeEventListener('abort', onAbort);
      return true;
    };
    const leave = (reason: unknown) => {
      if (end()) reject(reason);
    };
    const onAbort = () => leave(signal!.reason);
    const onTimeout = () => {
      if (hasEnded) return;
      leave(new TimeoutError(Date.now() - begin, { operation }));
      if (callMs < limitMs) timer = after(limitMs - callMs, onLimit);
      else onLimit();
    };
    const onLimit = () => {
      if (!hasEnded) onOverdue?.();
    };
    let timer = after(callMs, onTimeout);
    const endWork = () => {
      hasEnded = true;
      clearTimeout(timer);
    };
    signal?.addEventListener('abort', onAbort);
    promised(() => work(() => isOver)).then(
      (value) => {
        endWork();
        if (end()) resolve(value);
      },
      (error: unknown) => {
        endWork();
        leave(asError ? asError(error) : error);
      },
    );
  });
}

/** A process that was busy for too long takes what has come meanwhile before it gives up. */
function after(ms: number, act: () => void): NodeJS.Timeout {
  return setTimeout(() => setImmediate(act), Math.min(ms, LONGEST_TIMER_MS));
}
