import { TimeoutError } from '@quantumtrade/dal-domain';
import type { CacheClock } from './clock.js';

/** What is used of an `AbortSignal`. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
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
  const { signal, deadline } = limits ?? {};
  if (signal === undefined && deadline === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const begin = clock.now();
    let isOver = false;
    const end = (settle: () => void) => {
      if (isOver) return;
      isOver = true;
      cancelTimer?.();
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const leave = (reason: unknown) =>
      end(() => {
        reject(reason);
        onLeave?.(reason);
      });
    const onAbort = () => leave(signal!.reason);
    const onTimeout = () => setImmediate(() => leave(new TimeoutError(clock.now() - begin, { operation })));
    let cancelTimer: (() => void) | undefined;
    work.then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    );
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort);
    if (deadline === undefined) return;
    if (deadline > begin) cancelTimer = clock.after(deadline - begin, onTimeout);
    else onTimeout();
  });
}
