import type { CallOptions } from '@quantumtrade/dal-domain';
import { isDatabaseError, TimeoutError } from '@quantumtrade/dal-domain';
import type { Cancel, Clock, Priority } from '@quantumtrade/dal-runtime';
import { Deadline, LightAbortSignal, PRIORITIES, systemClock } from '@quantumtrade/dal-runtime';

/** Finds the values of keys, by the texts of the keys. Keys without a value are missing in the map. */
export type FindMany<K, V> = (
  keys: ReadonlyMap<string, K>,
  options: CallOptions | undefined,
) => Promise<ReadonlyMap<string, V>>;

export interface LookupBatcherOptions<K> {
  /** Returns the text that distinguishes a key. */
  readonly textOf: (key: K) => string;
  /** Name of the operation in errors, e.g. `marketData.latest`. */
  readonly operation: string;
  /** Time limit of a lookup without a deadline that does not begin its query at once. */
  readonly timeoutMs: number;
  /** Maximum number of keys in one query. */
  readonly maxKeys: number;
  /** Called when no lookup waits any longer. */
  readonly onIdle?: () => void;
  /** @default the clock of the machine */
  readonly clock?: Clock;
}

/** Queries of one batcher that run at the same time. */
const MAX_QUERIES = 8;
/** Keys of a failed query that are looked up at the same time, each by itself. */
const KEYS_AT_ONCE = 8;
/** A query is overdue after this time at the earliest, */
const MIN_OVERDUE_MS = 50;
/** and after this many times the usual duration. */
const OVERDUE_FACTOR = 4;
/** Weight of the last query in the usual duration. */
const LAST_WEIGHT = 1 / 8;

interface Lookup<K, V> {
  readonly key: K;
  readonly text: string;
  readonly options: CallOptions | undefined;
  readonly resolve: (value: V | undefined) => void;
  readonly reject: (reason: unknown) => void;
  /** Ends the caller's waiting. Undefined where the query alone ends it. */
  deadline: Deadline | undefined;
  /** Called when the caller stops waiting. */
  onLeave: (() => void) | undefined;
  hasLeft: boolean;
}

/**
 * Makes one query of concurrent lookups. While a query runs, lookups that begin form the next one, which is sent when the query ends
 * or is overdue: one lost answer delays no other lookup for long. The first lookup of an idle batcher is sent at the end of the
 * current tick. A lookup joins no query that has been sent, so that its answer is never older than the call.
 *
 * Each caller has its own deadline and signal, which end its waiting alone. A query is cancelled when all its callers have left, and
 * has the greatest of their priorities. When a query of several keys fails for good, e.g. for one row that cannot be read, each key is
 * looked up by itself.
 */
export class LookupBatcher<K, V> {
  readonly #findMany: FindMany<K, V>;
  readonly #options: LookupBatcherOptions<K>;
  readonly #clock: Clock;
  #waiting: Lookup<K, V>[] = [];
  #isStarting = false;
  /** When each running query was sent, in epoch milliseconds. */
  readonly #running = new Map<object, number>();
  /** The running query that was sent last. */
  #newest: object | undefined;
  #usualMs = 0;
  /** Cancels the wait until the newest query is overdue. */
  #cancelWait: Cancel | undefined;

  constructor(findMany: FindMany<K, V>, options: LookupBatcherOptions<K>) {
    this.#findMany = findMany;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Whether no query runs or is about to. */
  get isIdle(): boolean {
    return this.#running.size === 0 && !this.#isStarting;
  }

  /** Returns the value of a key; undefined when there is none. Concurrent callers of one key share the value. */
  find(key: K, options: CallOptions | undefined): Promise<V | undefined> {
    return new Promise((resolve, reject) => {
      const lookup: Lookup<K, V> = {
        key,
        text: this.#options.textOf(key),
        options,
        resolve,
        reject,
        deadline: undefined,
        onLeave: undefined,
        hasLeft: false,
      };
      this.#waiting.push(lookup);
      if (this.#running.size > 0) {
        this.#limit(lookup);
        this.#waitUntilOverdue();
      } else if (!this.#isStarting) {
        this.#isStarting = true;
        // Promise callbacks of this tick may begin further lookups.
        queueMicrotask(this.#sendAtEndOfTick);
      }
    });
  }

  readonly #sendAtEndOfTick = (): void => process.nextTick(this.#sendNext);

  /** Sends the next query, if any caller still waits for one. */
  readonly #sendNext = (): void => {
    this.#isStarting = false;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    const batch = this.#waiting.length > 0 ? this.#takeBatch() : [];
    if (batch.length > 0) return void this.#run(batch);
    const { onIdle } = this.#options;
    if (onIdle && this.isIdle) onIdle();
  };

  async #run(batch: readonly Lookup<K, V>[]): Promise<void> {
    const query = {};
    const sentAt = this.#clock.now();
    this.#running.set(query, sentAt);
    this.#newest = query;
    this.#waitUntilOverdue();
    const [only] = batch;
    const isSingle = batch.length === 1 && !only!.deadline;
    const isAnswered = await (isSingle ? this.#sendOne(only!) : this.#sendMany(batch));
    this.#running.delete(query);
    if (isAnswered) this.#learnDuration(this.#clock.now() - sentAt);
    if (query === this.#newest || this.#waiting.length === 0) this.#sendNext();
    else this.#waitUntilOverdue();
  }

  /** Sends the waiting lookups once the newest query is overdue, unless it ends before. */
  #waitUntilOverdue(): void {
    if (this.#cancelWait || this.#waiting.length === 0 || this.#running.size >= MAX_QUERIES) return;
    const ageMs = this.#clock.now() - (this.#running.get(this.#newest!) ?? -Infinity);
    this.#cancelWait = this.#clock.after(this.#overdueMs - ageMs, () => {
      this.#cancelWait = undefined;
      this.#sendNext();
    });
  }

  get #overdueMs(): number {
    return Math.max(MIN_OVERDUE_MS, OVERDUE_FACTOR * this.#usualMs);
  }

  #learnDuration(durationMs: number): void {
    // A single late answer changes little.
    const bounded = Math.min(durationMs, this.#overdueMs);
    this.#usualMs += (bounded - this.#usualMs) * LAST_WEIGHT;
  }

  /** Removes the lookups of the next query from the queue, and those whose callers have left. */
  #takeBatch(): Lookup<K, V>[] {
    const { maxKeys } = this.#options;
    const texts = new Set<string>();
    const batch: Lookup<K, V>[] = [];
    const rest: Lookup<K, V>[] = [];
    for (const lookup of this.#waiting) {
      if (lookup.hasLeft) continue;
      const fits = texts.size < maxKeys || texts.has(lookup.text);
      if (fits) texts.add(lookup.text);
      else this.#limit(lookup);
      (fits ? batch : rest).push(lookup);
    }
    this.#waiting = rest;
    return batch;
  }

  /** A query for one caller is limited by the caller's own options. */
  async #sendOne({ key, text, options, resolve, reject }: Lookup<K, V>): Promise<boolean> {
    try {
      resolve((await this.#findMany(new Map([[text, key]]), options)).get(text));
      return true;
    } catch (error) {
      reject(error);
      return false;
    }
  }

  /** Returns whether the query succeeded. */
  async #sendMany(batch: readonly Lookup<K, V>[]): Promise<boolean> {
    const keys = new Map<string, K>();
    const signal = new LightAbortSignal();
    let callers = batch.length;
    let deadline = 0;
    let priority: Priority = 'low';
    for (const lookup of batch) {
      keys.set(lookup.text, lookup.key);
      lookup.onLeave = () => {
        callers--;
        if (callers === 0) signal.abort();
      };
      deadline = Math.max(deadline, this.#limit(lookup).at);
      priority = moreImportantOf(priority, lookup.options?.priority ?? 'normal');
    }
    const limits = { signal: signal.standard, deadline, priority };
    try {
      const values = await this.#findMany(keys, limits);
      for (const lookup of batch) if (this.#end(lookup)) lookup.resolve(values.get(lookup.text));
      return true;
    } catch (error) {
      if (keys.size > 1 && mayConcernOneKey(error)) await this.#sendEach(batch, keys, limits, error);
      else for (const lookup of batch) if (this.#end(lookup)) lookup.reject(error);
      return false;
    }
  }

  /** Looks up each key of a failed query by itself, until several keys in a row show that all of them fail. */
  async #sendEach(
    batch: readonly Lookup<K, V>[],
    keys: ReadonlyMap<string, K>,
    limits: CallOptions,
    failure: unknown,
  ): Promise<void> {
    const texts = [...keys.keys()];
    let hasAnswer = false;
    for (let from = 0; from < texts.length; from += KEYS_AT_ONCE) {
      const some = texts.slice(from, from + KEYS_AT_ONCE);
      const isHopeless = from > 0 && !hasAnswer;
      const outcomes = isHopeless ? [] : await this.#outcomesOf(some, keys, limits);
      for (const lookup of batch) {
        const index = some.indexOf(lookup.text);
        if (index < 0 || !this.#end(lookup)) continue;
        const outcome = outcomes[index];
        if (outcome?.status === 'fulfilled') lookup.resolve(outcome.value.get(lookup.text));
        else lookup.reject(outcome ? outcome.reason : failure);
      }
      if (outcomes.some(({ status }) => status === 'fulfilled')) hasAnswer = true;
    }
  }

  #outcomesOf(
    texts: readonly string[],
    keys: ReadonlyMap<string, K>,
    limits: CallOptions,
  ): Promise<PromiseSettledResult<ReadonlyMap<string, V>>[]> {
    return Promise.allSettled(
      texts.map((text) => this.#findMany(new Map([[text, keys.get(text)!]]), limits)),
    );
  }

  /** Lets the caller's own deadline and signal end its waiting. */
  #limit(lookup: Lookup<K, V>): Deadline {
    if (lookup.deadline) return lookup.deadline;
    const { operation, timeoutMs } = this.#options;
    const { signal, deadline } = lookup.options ?? {};
    lookup.deadline = new Deadline(
      { signal, ...(deadline === undefined ? { timeoutMs } : { deadline }) },
      (elapsedMs) => new TimeoutError(elapsedMs, { operation }),
    );
    lookup.deadline.onAbort((reason) => {
      lookup.hasLeft = true;
      lookup.reject(reason);
      lookup.onLeave?.();
    });
    return lookup.deadline;
  }

  /** Returns whether the caller still waits. */
  #end(lookup: Lookup<K, V>): boolean {
    lookup.deadline?.end();
    return !lookup.hasLeft;
  }
}

const moreImportantOf = (a: Priority, b: Priority): Priority =>
  PRIORITIES.indexOf(a) > PRIORITIES.indexOf(b) ? a : b;

/** Whether the error of a query of several keys may be that of one of them. */
const mayConcernOneKey = (error: unknown): boolean =>
  isDatabaseError(error) && error.code === 'QUERY' && !error.retryable;
