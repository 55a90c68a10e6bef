import { onAbort, type AbortSource } from '@quantumtrade/dal-runtime';

export interface AdmissionOptions {
  /** Queries that run at the same time. */
  readonly capacity: number;
  /** Calls that may wait. */
  readonly maxQueued: number;
  /** Returns the time in milliseconds, by the clock of the deadlines. */
  readonly now: () => number;
}

/** A query that asks for a slot. */
export interface AdmittedQuery {
  /** Queries of one operation are expected to take about the same time. */
  readonly operation: string;
  /** Whether its call has run a query before. Such a query precedes all that begin a call. */
  readonly continues: boolean;
  readonly deadline: {
    /** Epoch milliseconds. */
    readonly at: number;
    readonly signal: AbortSource;
  };
}

/** The query was not sent. Its call has cost nothing but the time it waited. */
export class NotAdmittedError extends Error {
  constructor(
    readonly reason: 'QUEUE_FULL' | 'DEADLINE' | 'CLOSED',
    message: string,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/**
 * First-in-first-out semaphore that refuses queries which can no longer make their deadline.
 *
 * A query takes a free slot immediately, whatever its expected time. Otherwise it waits, at most until its deadline or abort,
 * unless the queries before it are expected to take too long. At its turn it gets the slot only if the rest of its time is
 * likely to suffice for all queries of its call: above capacity, each slot then goes to a call whose answer is still of use.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #durations = new Durations();
  readonly #continuing = new WaitingQueue();
  readonly #beginning = new WaitingQueue();
  #running = 0;
  #waitedMs = 0;
  #isClosed = false;
  #onIdle: (() => void) | undefined;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Number of slots that are taken. */
  get running(): number {
    return this.#running;
  }

  /** Time that queries have waited for a slot: the sum over all queries, in milliseconds. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Resolves when no slot is taken. Only for a closed queue. */
  get idle(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise((resolve) => (this.#onIdle = resolve));
  }

  /** Refuses waiting and further queries. */
  close(): void {
    this.#isClosed = true;
    for (const queue of [this.#continuing, this.#beginning]) {
      for (let next = queue.first; next; next = queue.first) next.refuse(closed());
    }
  }

  /** Number of waiting queries. */
  get queued(): number {
    return this.#continuing.length + this.#beginning.length;
  }

  /**
   * Takes a slot: immediately if it returns undefined, otherwise when the promise resolves. The caller then has to call {@link release}.
   * Throws or rejects with `NotAdmittedError`, or with the reason of the query's signal.
   */
  acquire(query: AdmittedQuery): Promise<void> | undefined {
    if (this.#running >= this.#options.capacity || this.#isClosed) return this.#wait(query);
    this.#running++;
    return undefined;
  }

  /** Takes note of how long a query took. Failed queries that ended early say nothing about how long others take. */
  record(
    { operation, continues }: Omit<AdmittedQuery, 'deadline'>,
    durationMs: number,
    succeeded: boolean,
  ): void {
    this.#durations.record(operation, continues, durationMs, succeeded);
  }

  /** Gives a slot back. */
  release(): void {
    this.#running--;
    if (this.#running === 0) this.#onIdle?.();
    for (;;) {
      const next = this.#continuing.first ?? this.#beginning.first;
      if (!next || this.#running >= this.#options.capacity) return;
      next.admit();
    }
  }

  #wait({ operation, continues, deadline: { at: deadline, signal } }: AdmittedQuery): Promise<void> {
    const { capacity, maxQueued, now } = this.#options;
    if (this.#isClosed) throw closed();
    if (!continues && this.#beginning.length >= maxQueued) {
      throw new NotAdmittedError(
        'QUEUE_FULL',
        `${this.#beginning.length} calls already wait for a connection`,
      );
    }
    const expectedMs = this.#durations.expected(operation, continues);
    const aheadMs = this.#continuing.expectedMs + (continues ? 0 : this.#beginning.expectedMs);
    if (now() + aheadMs / capacity + expectedMs > deadline) {
      throw new NotAdmittedError(
        'DEADLINE',
        `the query was not sent: ${this.queued} queries wait before it, and it takes about ${Math.ceil(expectedMs)} ms`,
      );
    }
    const queue = continues ? this.#continuing : this.#beginning;
    const since = now();
    return new Promise((resolve, reject) => {
      let ignoreSignal = (): void => undefined;
      const leave = (): void => {
        ignoreSignal();
        queue.remove(waiting);
        this.#waitedMs += now() - since;
      };
      const waiting: Waiting = {
        expectedMs,
        refuse: (error) => {
          leave();
          reject(error);
        },
        admit: () => {
          leave();
          const likelyMs = this.#durations.expected(operation, continues, DEVIATIONS);
          if (now() + likelyMs <= deadline) {
            this.#running++;
            resolve();
          } else {
            const message = `the query was not sent: at its turn it had less time left than the ${Math.ceil(likelyMs)} ms that it is likely to take`;
            reject(new NotAdmittedError('DEADLINE', message));
          }
        },
      };
      queue.append(waiting);
      ignoreSignal = onAbort(signal, () => waiting.refuse(signal.reason as Error));
    });
  }
}

const closed = (): NotAdmittedError => new NotAdmittedError('CLOSED', 'the connection is closed');

interface Waiting {
  /** In milliseconds of one slot. */
  readonly expectedMs: number;
  readonly admit: () => void;
  readonly refuse: (error: Error) => void;
  previous?: Waiting | undefined;
  next?: Waiting | undefined;
}

/** First-in-first-out queue that any member may leave at any time: a linked list, so that both cost the same at every length. */
class WaitingQueue {
  first: Waiting | undefined;
  #last: Waiting | undefined;
  length = 0;
  /** Sum over all members, in milliseconds of one slot. */
  expectedMs = 0;

  append(waiting: Waiting): void {
    waiting.previous = this.#last;
    if (this.#last) this.#last.next = waiting;
    else this.first = waiting;
    this.#last = waiting;
    this.length++;
    this.expectedMs += waiting.expectedMs;
  }

  remove(waiting: Waiting): void {
    const { previous, next } = waiting;
    if (previous) previous.next = next;
    else this.first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    this.length--;
    // Sums of fractions drift.
    this.expectedMs = this.length === 0 ? 0 : this.expectedMs - waiting.expectedMs;
  }
}

/** Weight of the latest query in the averages. */
const WEIGHT = 1 / 16;
/** Few queries take longer than the mean and this many mean absolute deviations. */
const DEVIATIONS = 2;
/** Operations are few; this bounds the memory of an unforeseen use. */
const MAX_OPERATIONS = 256;

/** Exponentially weighted averages of durations, in milliseconds. */
interface Average {
  mean: number;
  /** Mean absolute deviation from the mean. */
  deviation: number;
}

interface OperationDurations {
  beginning: Average | undefined;
  continuing: Average | undefined;
  /** Recent number of continuing queries for each beginning one. */
  continuingPerCall: number;
}

/** Recent durations of the queries of each operation, those that begin a call and those that continue one apart. */
class Durations {
  readonly #operations = new Map<string, OperationDurations>();

  record(operation: string, continues: boolean, durationMs: number, succeeded: boolean): void {
    let durations = this.#operations.get(operation);
    if (!durations) {
      if (this.#operations.size >= MAX_OPERATIONS) return;
      durations = { beginning: undefined, continuing: undefined, continuingPerCall: 0 };
      this.#operations.set(operation, durations);
    }
    const role = continues ? 'continuing' : 'beginning';
    const average = durations[role];
    // A query that failed late would have taken at least as long.
    if (!average) {
      if (succeeded) durations[role] = { mean: durationMs, deviation: durationMs / 2 };
    } else if (succeeded || durationMs > average.mean) {
      average.deviation += (Math.abs(durationMs - average.mean) - average.deviation) * WEIGHT;
      average.mean += (durationMs - average.mean) * WEIGHT;
    }
    durations.continuingPerCall = continues
      ? durations.continuingPerCall + WEIGHT
      : durations.continuingPerCall * (1 - WEIGHT);
  }

  /**
   * Returns the expected duration of the rest of a call in milliseconds, this query included; 0 before the first call of its
   * operation. With deviations above the mean, few calls take longer.
   */
  expected(operation: string, continues: boolean, deviations = 0): number {
    const durations = this.#operations.get(operation);
    if (!durations) return 0;
    const { beginning, continuing, continuingPerCall } = durations;
    const continuingMs = continuing ? continuing.mean + deviations * continuing.deviation : 0;
    if (continues) return continuingMs;
    const beginningMs = beginning ? beginning.mean + deviations * beginning.deviation : 0;
    return beginningMs + continuingPerCall * continuingMs;
  }
}
