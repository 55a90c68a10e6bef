import { onAbort } from '@quantumtrade/dal-runtime';
import { ServiceTimes } from './service-times.js';

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

interface Waiting {
  readonly expectedMs: number;
  readonly admit: () => void;
  previous: Waiting | undefined;
  next: Waiting | undefined;
}

/**
 * A first-in-first-out semaphore that serves no call which can no longer make its deadline.
 *
 * A call for which a slot is free is served at once, whatever is expected of it. Otherwise it waits, at most until its deadline
 * or abort, unless those before it are expected to take too long. At its turn it is served only if what is left of its
 * time is likely to do: above capacity, each slot then goes to a call whose answer still counts.
 */
export class Admission {
  readonly #capacity: number;
  readonly #maxQueued: number;
  readonly #now: () => number;
  readonly #times = new ServiceTimes();
  #serving = 0;
  #first: Waiting | undefined;
  #last: Waiting | undefined;
  #queued = 0;
  /** Of the calls that wait, in milliseconds of one slot. */
  #queuedWork = 0;

  constructor({ capacity, maxQueued, now }: AdmissionOptions) {
    this.#capacity = capacity;
    this.#maxQueued = maxQueued;
    this.#now = now;
  }

  get queued(): number {
    return this.#queued;
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
      this.#times.record(call.kind, this.#now() - started, served);
      this.#release();
    }
  }

  #turn({ kind, deadline, signal }: AdmittedCall): Promise<void> {
    const expectedMs = this.#times.expected(kind);
    if (this.#queued >= this.#maxQueued) {
      throw new RefusedCallError('QUEUE_FULL', `${this.#queued} calls are waiting for a connection already`);
    }
    const waitMs = this.#queuedWork / this.#capacity;
    if (this.#now() + waitMs + expectedMs > deadline) {
      throw new RefusedCallError(
        'DEADLINE',
        `it was not sent: ${this.#queued} calls are waiting before it, and its own takes about ${Math.ceil(expectedMs)} ms`,
      );
    }
    return new Promise((resolve, reject) => {
      let ignoreSignal = (): void => undefined;
      const waiting: Waiting = {
        expectedMs,
        previous: undefined,
        next: undefined,
        admit: () => {
          ignoreSignal();
          this.#remove(waiting);
          const likelyMs = this.#times.likelyAtMost(kind);
          if (this.#now() + likelyMs <= deadline) {
            this.#serving++;
            resolve();
          } else {
            const message = `it was not sent: it waited for a connection until less than the ${Math.ceil(likelyMs)} ms were left that it is likely to take`;
            reject(new RefusedCallError('DEADLINE', message));
          }
        },
      };
      this.#append(waiting);
      ignoreSignal = onAbort(signal, () => {
        this.#remove(waiting);
        reject(signal.reason as Error);
      });
    });
  }

  #release(): void {
    this.#serving--;
    while (this.#serving < this.#capacity && this.#first) this.#first.admit();
  }

  #append(waiting: Waiting): void {
    waiting.previous = this.#last;
    if (this.#last) this.#last.next = waiting;
    else this.#first = waiting;
    this.#last = waiting;
    this.#queued++;
    this.#queuedWork += waiting.expectedMs;
  }

  #remove(waiting: Waiting): void {
    const { previous, next } = waiting;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    this.#queued--;
    this.#queuedWork = this.#queued === 0 ? 0 : this.#queuedWork - waiting.expectedMs;
  }
}
