import { systemClock, type Clock } from './clock.js';
import { onAbort, type AbortSource } from './deadline.js';

/** Waits for a delay in milliseconds. Rejects with the signal's reason when it aborts before. */
export function sleep(delayMs: number, clock: Clock = systemClock, signal?: AbortSource): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const cancel = clock.after(delayMs, () => {
      unsubscribe?.();
      resolve();
    });
    const unsubscribe =
      signal &&
      onAbort(signal, () => {
        cancel();
        reject(signal.reason as Error);
      });
  });
}
