import { onAbort } from '@quantumtrade/dal-runtime';

/** Signal that callers wait for any number of times. */
export class ChangeSignal {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next change, or when the signal aborts. */
  wait(signal?: AbortSignal): Promise<void> {
    let wake!: () => void;
    const changed = new Promise<void>((resolve) => (wake = resolve));
    this.#waiting.add(wake);
    const ignore = signal && onAbort(signal, wake);
    return changed.finally(() => {
      this.#waiting.delete(wake);
      ignore?.();
    });
  }

  notify(): void {
    for (const wake of this.#waiting) wake();
  }
}
