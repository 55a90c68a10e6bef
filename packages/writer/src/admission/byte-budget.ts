import type { CallOptions } from '@quantumtrade/dal-domain';
import { TimeoutError } from '@quantumtrade/dal-domain';
import type { Clock } from '@quantumtrade/dal-runtime';
import { Deadline } from '@quantumtrade/dal-runtime';

interface WaitingCall {
  admit(): void;
  reject(reason: unknown): void;
}

/** Bounds the bytes in memory. A call that finds the budget used up waits; calls are admitted in the order of arrival. */
export class ByteBudget {
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #waiting = new Set<WaitingCall>();
  #used = 0;
  /** Whether the work of an admitted call is pending. */
  #isBusy = false;

  constructor(maxBytes: number, clock: Clock) {
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  get used(): number {
    return this.#used;
  }

  /**
   * Runs `work` when there are bytes left: immediately, or else after `onWait` and within the limits of the call. The bytes of
   * one call may exceed the budget. While the promise of a call's work is pending, all other calls wait.
   */
  admit<T>(
    work: () => T | Promise<T>,
    options: CallOptions,
    operation: string,
    onWait?: () => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const admit = () => {
        try {
          const result = work();
          if (result instanceof Promise) this.#blockUntilSettled(result);
          resolve(result);
        } catch (error) {
          reject(error as Error);
        }
      };
      if (this.#waiting.size === 0 && this.#isOpen) return admit();
      onWait?.();
      const deadline = new Deadline(options, (ms) => new TimeoutError(ms, { operation }), this.#clock);
      const leave = () => {
        deadline.end();
        this.#waiting.delete(call);
      };
      const call: WaitingCall = {
        admit: () => {
          leave();
          admit();
        },
        reject: (reason) => {
          leave();
          reject(reason as Error);
        },
      };
      this.#waiting.add(call);
      deadline.onAbort(call.reject);
    });
  }

  /** Counts bytes as used, or with a negative number as free again. */
  use(bytes: number): void {
    this.#used += bytes;
  }

  /** Admits waiting calls as long as bytes are left. */
  admitWaiting(): void {
    for (const call of this.#waiting) {
      if (!this.#isOpen) return;
      call.admit();
    }
  }

  /** Rejects every waiting call. */
  rejectWaiting(reason: unknown): void {
    for (const call of this.#waiting) call.reject(reason);
  }

  get #isOpen(): boolean {
    return !this.#isBusy && this.#used < this.#maxBytes;
  }

  #blockUntilSettled(work: Promise<unknown>): void {
    this.#isBusy = true;
    const unblock = () => {
      this.#isBusy = false;
      this.admitWaiting();
    };
    work.then(unblock, unblock);
  }
}
