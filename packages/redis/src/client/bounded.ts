import type { CallOptions } from '@quantumtrade/dal-domain';
import { checkCall, TimeoutError } from '@quantumtrade/dal-domain';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs work that ends by `limitMs` or the call's deadline, whichever is first, or when its signal is aborted. The work
 * itself goes on: it asks `isOver` before it does what should no longer be done.
 */
export function bounded<T>(
  operation: string,
  options: CallOptions | undefined,
  limitMs: number,
  work: (isOver: () => boolean) => Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    checkCall(options, operation);
    const signal = options?.signal;
    const begin = Date.now();
    const until = Math.min(options?.deadline ?? Infinity, begin + limitMs);
    let over = false;
    const end = (settle: () => void) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = () => end(() => reject(signal!.reason));
    const onTimeout = () => end(() => reject(new TimeoutError(Date.now() - begin, { operation })));
    const timer = setTimeout(onTimeout, Math.min(until - begin, LONGEST_TIMER_MS));
    signal?.addEventListener('abort', onAbort);
    work(() => over).then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    );
  });
}
