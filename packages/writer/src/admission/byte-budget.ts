import type { CallOptions } from '@quantumtrade/dal-domain';
import type { Timers } from '../timers.js';
import { watchCall } from '../timers.js';

interface Waiting {
  enter(): void;
  fail(reason: unknown): void;
}

/** A bounded amount of bytes. Who finds it full waits, first come, first served. */
export class Room {
  readonly #max: number;
  readonly #timers: Timers;
  readonly #waiting = new Set<Waiting>();
  #used = 0;
  /** Whether somebody who was let in is still taking. */
  #busy = false;

  constructor(maxBytes: number, timers: Timers) {
    this.#max = maxBytes;
    this.#timers = timers;
  }

  get used(): number {
    return this.#used;
  }

  /**
   * Calls `take` once there is room, within the call's limits; at once where there is, else after `onWait`. What it takes
   * counts from then on, so the bytes may exceed the limit by what one `take` adds. While one takes its time, all others
   * wait.
   */
  enter<T>(
    take: () => T | Promise<T>,
    options: CallOptions,
    operation: string,
    onWait?: () => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        try {
          const taken = take();
          if (taken instanceof Promise) this.#keepOthersOut(taken);
          resolve(taken);
        } catch (error) {
          reject(error as Error);
        }
      };
      if (this.#waiting.size === 0 && this.#isOpen) return enter();
      onWait?.();
      const leave = () => {
        stop();
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting = {
        enter: () => {
          leave();
          enter();
        },
        fail: (reason) => {
          leave();
          reject(reason as Error);
        },
      };
      this.#waiting.add(waiting);
      const stop = watchCall(options, this.#timers, operation, waiting.fail);
    });
  }

  /** Counts bytes as used, or with a negative number as free again. */
  use(bytes: number): void {
    this.#used += bytes;
  }

  /** Lets in whoever waits, as far as there is room. */
  admit(): void {
    for (const waiting of this.#waiting) {
      if (!this.#isOpen) return;
      waiting.enter();
    }
  }

  get #isOpen(): boolean {
    return !this.#busy && this.#used < this.#max;
  }

  #keepOthersOut(taken: Promise<unknown>): void {
    this.#busy = true;
    const letIn = () => {
      this.#busy = false;
      this.admit();
    };
    taken.then(letIn, letIn);
  }

  /** Turns away everybody who waits. */
  turnAway(reason: unknown): void {
    for (const waiting of this.#waiting) waiting.fail(reason);
  }
}
