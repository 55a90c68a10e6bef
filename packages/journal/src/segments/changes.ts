import { onAbort } from '../on-abort.js';

/** Wakes whoever waits for something to change. */
export class Changes {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next change, or when the signal aborts. */
  wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        ignore?.();
        resolve();
      };
      const ignore = signal && onAbort(signal, wake);
      this.#waiting.add(wake);
    });
  }

  notify(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
