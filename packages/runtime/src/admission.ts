import type { CallOutcome } from './call-outcome.js';
import type { TimeSource } from './clock.js';
import type { ConcurrencyLimit } from './concurrency-limit.js';
import { onAbort, type AbortSource } from './deadline.js';
import { FairQueue, type FairQueueEntry, type Priority } from './fair-queue.js';

export interface AdmissionOptions {
  /** Most queries at the same time: a constant, or a limit that adapts and that this admission alone uses. */
  readonly limit: number | ConcurrencyLimit;
  /** Calls that may wait. */
  readonly maxQueued: number;
  /** Time source of the deadlines. */
  readonly time: TimeSource;
}

/** A query that asks for a slot. */
export interface AdmittedQuery {
  /** Queries of one operation are expected to take about the same time. */
  readonly operation: string;
  /** Whether its call has run a query before. Such a query precedes all that begin a call. */
  readonly continues: boolean;
  /** Whether the caller set the pace, so that the query's duration says nothing about the server. @default false */
  readonly isPaced?: boolean;
  /** @default 'normal' */
  readonly priority?: Priority | undefined;
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

/** Few queries take longer than the mean and this many mean absolute deviations. */
const DEVIATIONS = 2;

/**
 * Queue in front of a limit on concurrent queries, which refuses queries that can no longer make their deadline.
 *
 * A query takes a free slot immediately, whatever its expected time. Otherwise it waits, at most until its deadline or abort,
 * unless the queries before it are expected to take too long. At its turn it gets the slot only if the rest of its time is
 * likely to suffice for all queries of its call: above capacity, each slot then goes to a call whose answer is still of use.
 *
 * Calls wait in the order of their arrival and share the slots by priority ({@link FairQueue}). Where the queue is full, a call takes the place
 * of the latest waiting one of the lowest priority below its own.
 */
export class Admission {
  /** Number of slots that are taken. */
  running = 0;
  readonly #maxRunning: number;
  /** Limit below the constant one. */
  readonly #adaptive: ConcurrencyLimit | undefined;
  readonly #maxQueued: number;
  readonly #time: TimeSource;
  readonly #durations = new ExpectedDurations();
  readonly #continuing = new FairQueue<Waiting>();
  readonly #beginning = new FairQueue<Waiting>();
  #waitedMs = 0;
  #isClosed = false;
  #onIdle: (() => void) | undefined;

  constructor({ limit, maxQueued, time }: AdmissionOptions) {
    const isConstant = typeof limit === 'number';
    this.#maxRunning = isConstant ? limit : Infinity;
    this.#adaptive = isConstant ? undefined : limit;
    this.#maxQueued = maxQueued;
    this.#time = time;
  }

  /** Most queries at the same time now. */
  get limit(): number {
    return this.#adaptive?.limit ?? this.#maxRunning;
  }

  /** Time that queries have waited for a slot: the sum over all queries, in milliseconds. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Resolves when no slot is taken. Only for a closed queue. */
  get idle(): Promise<void> {
    return this.running === 0 ? Promise.resolve() : new Promise((resolve) => (this.#onIdle = resolve));
  }

  /** Refuses waiting and further queries. */
  close(): void {
    this.#isClosed = true;
    for (let next = this.#first; next; next = this.#first) next.refuse(closed());
  }

  /** Number of waiting queries. */
  get queued(): number {
    return this.#continuing.length + this.#beginning.length;
  }

  /**
   * Takes a slot: immediately if it returns undefined, otherwise when the promise resolves. The caller then has to call {@link record} and {@link release}.
   * Throws or rejects with `NotAdmittedError`, or with the reason of the query's signal.
   */
  acquire(query: AdmittedQuery): Promise<void> | undefined {
    const isFull = this.running >= this.#maxRunning;
    if (this.#isClosed || isFull || this.#adaptive?.tryAcquire() === false) return this.#wait(query);
    this.running++;
    return undefined;
  }

  /** Takes note of how long a query took. Failed queries that ended early say nothing about how long others take. */
  record(
    { operation, continues, isPaced }: Pick<AdmittedQuery, 'operation' | 'continues' | 'isPaced'>,
    durationMs: number,
    outcome: CallOutcome,
  ): void {
    this.#durations.record(operation, continues, durationMs, outcome === 'success');
    if (!isPaced || outcome !== 'success') this.#adaptive?.record(durationMs, outcome, operation);
  }

  /** Gives a slot back. */
  release(): void {
    this.running--;
    this.#adaptive?.release();
    if (this.running === 0) this.#onIdle?.();
    const { length: continuing } = this.#continuing;
    if (continuing + this.#beginning.length === 0) return;
    while (this.running < this.limit) {
      const next = this.#first;
      if (!next) return;
      next.admit();
    }
  }

  get #first(): Waiting | undefined {
    return this.#continuing.first ?? this.#beginning.first;
  }

  #wait({ operation, continues, priority = 'normal', deadline }: AdmittedQuery): Promise<void> {
    if (this.#isClosed) throw closed();
    const replaced = continues ? undefined : this.#findReplaced(priority);
    const expectedMs = this.#durations.expected(operation, continues);
    const aheadMs = continues
      ? this.#continuing.costBefore(priority)
      : this.#continuing.costMs + this.#beginning.costBefore(priority);
    if (this.#time.now() + aheadMs / this.limit + expectedMs > deadline.at) {
      throw new NotAdmittedError(
        'DEADLINE',
        `the query was not sent: ${this.queued} queries wait before it, and it takes about ${Math.ceil(expectedMs)} ms`,
      );
    }
    replaced?.refuse(this.#queueFull());
    const queue = continues ? this.#continuing : this.#beginning;
    const { signal } = deadline;
    const since = this.#time.now();
    return new Promise((resolve, reject) => {
      let ignoreSignal = (): void => undefined;
      const waiting: Waiting = {
        priority,
        costMs: expectedMs,
        refuse: (error) => {
          ignoreSignal();
          queue.remove(waiting);
          this.#waitedMs += this.#time.now() - since;
          reject(error);
        },
        admit: () => {
          const now = this.#time.now();
          const likelyMs = this.#durations.expected(operation, continues, DEVIATIONS);
          if (now + likelyMs > deadline.at) {
            const message = `the query was not sent: at its turn it had less time left than the ${Math.ceil(likelyMs)} ms that it is likely to take`;
            return waiting.refuse(new NotAdmittedError('DEADLINE', message));
          }
          ignoreSignal();
          queue.serve(waiting);
          this.#waitedMs += now - since;
          this.#adaptive?.tryAcquire();
          this.running++;
          resolve();
        },
      };
      queue.append(waiting);
      ignoreSignal = onAbort(signal, () => waiting.refuse(signal.reason as Error));
    });
  }

  /** Returns the waiting call that a new one replaces; undefined while the queue has room. Throws when the queue is full of calls at least as important. */
  #findReplaced(priority: Priority): Waiting | undefined {
    if (this.#beginning.length < this.#maxQueued) return undefined;
    const replaced = this.#beginning.leastImportant(priority);
    if (!replaced) throw this.#queueFull();
    return replaced;
  }

  #queueFull(): NotAdmittedError {
    return new NotAdmittedError(
      'QUEUE_FULL',
      `${this.#maxQueued} calls already wait for a connection, and ${this.limit} are served at once`,
    );
  }
}

const closed = (): NotAdmittedError => new NotAdmittedError('CLOSED', 'the connection is closed');

interface Waiting extends FairQueueEntry<Waiting> {
  /** Gives the query its slot, or refuses it when too little of its time is left. */
  readonly admit: () => void;
  readonly refuse: (error: Error) => void;
}

/** Weight of the latest call in the averages. */
const WEIGHT = 1 / 16;
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
class ExpectedDurations {
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
