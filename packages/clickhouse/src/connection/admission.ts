import { onAbort } from '@quantumtrade/dal-runtime';
import { ServiceTimes } from './service-times.js';
import type { Waiting } from './waiting-calls.js';
import { WaitingCalls } from './waiting-calls.js';

export interface AdmissionOptions {
  /** Calls served at once. */
  readonly capacity: number;
  /** Calls that may wait. */
  readonly maxQueued: number;
  /** The same clock that the deadlines are told by, in milliseconds. */
  readonly now: () => number;
}

export interface AdmittedCall {
  /** Calls of one kind are expected to take about the same time. */
  readonly kind: string;
  /** Whether this is a further query of a call that has begun: it goes before all that begin one. */
  readonly further: boolean;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Why a call was not served. The call has cost nothing but its wait. */
export class RefusedCallError extends Error {
  constructor(
    readonly reason: 'QUEUE_FULL' | 'DEADLINE',
    message: string,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/**
 * A first-in-first-out semaphore that serves no call which can no longer make its deadline.
 *
 * A query for which a slot is free is served at once, whatever is expected of it. Otherwise it waits, at most until its deadline
 * or abort, unless those before it are expected to take too long. At its turn it is served only if what is left of its time is
 * likely to do for all queries of its call: above capacity, each slot then goes to a call whose answer still counts.
 */
export class Admission {
  readonly #capacity: number;
  readonly #maxQueued: number;
  readonly #now: () => number;
  readonly #times = new ServiceTimes();
  readonly #begun = new WaitingCalls();
  readonly #new = new WaitingCalls();
  #serving = 0;

  constructor({ capacity, maxQueued, now }: AdmissionOptions) {
    this.#capacity = capacity;
    this.#maxQueued = maxQueued;
    this.#now = now;
  }

  get queued(): number {
    return this.#begun.length + this.#new.length;
  }

  /** Serves the call when its turn comes. Throws `RefusedCallError`, or the reason of its signal, when it does not come. */
  async run<T>(call: AdmittedCall, serve: () => Promise<T>): Promise<T> {
    if (this.#serving >= this.#capacity) await this.#turn(call);
    else this.#serving++;
    const started = this.#now();
    let served = false;
    try {
      const result = await serve();
      served = true;
      return result;
    } finally {
      this.#times.record(call.kind, this.#now() - started, { further: call.further, served });
      this.#release();
    }
  }

  #turn({ kind, further, deadline, signal }: AdmittedCall): Promise<void> {
    if (!further && this.#new.length >= this.#maxQueued) {
      throw new RefusedCallError(
        'QUEUE_FULL',
        `${this.#new.length} calls are waiting for a connection already`,
      );
    }
    const expectedMs = this.#times.expected(kind, further);
    const aheadMs = this.#begun.expectedMs + (further ? 0 : this.#new.expectedMs);
    if (this.#now() + aheadMs / this.#capacity + expectedMs > deadline) {
      throw new RefusedCallError(
        'DEADLINE',
        `it was not sent: ${this.queued} calls are waiting, and this one takes about ${Math.ceil(expectedMs)} ms`,
      );
    }
    const queue = further ? this.#begun : this.#new;
    return new Promise((resolve, reject) => {
      let ignoreSignal = (): void => undefined;
      const waiting: Waiting = {
        expectedMs,
        admit: () => {
          ignoreSignal();
          queue.remove(waiting);
          const likelyMs = this.#times.likelyAtMost(kind, further);
          if (this.#now() + likelyMs <= deadline) {
            this.#serving++;
            resolve();
          } else {
            const message = `it was not sent: when its turn came, less was left than the ${Math.ceil(likelyMs)} ms that it is likely to take`;
            reject(new RefusedCallError('DEADLINE', message));
          }
        },
      };
      queue.append(waiting);
      ignoreSignal = onAbort(signal, () => {
        queue.remove(waiting);
        reject(signal.reason as Error);
      });
    });
  }

  #release(): void {
    this.#serving--;
    for (;;) {
      const next = this.#begun.first ?? this.#new.first;
      if (!next || this.#serving >= this.#capacity) return;
      next.admit();
    }
  }
}
