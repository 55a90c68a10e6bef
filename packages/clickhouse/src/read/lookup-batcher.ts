import type { CallOptions } from '@quantumtrade/dal-domain';
import { TimeoutError } from '@quantumtrade/dal-domain';
import { Deadline, LightAbortSignal } from '@quantumtrade/dal-runtime';

/** Finds the values of distinct keys. Keys without a value are missing in the map. */
export type FindMany<K, V> = (
  keys: readonly K[],
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
}

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
 * Makes one query of concurrent lookups. One query runs at a time; lookups that begin meanwhile form the next one. The first lookup
 * of an idle batcher is sent at the end of the current tick. A lookup joins no query that has been sent, so that its answer is
 * never older than the call.
 *
 * Each caller has its own deadline and signal, which end its waiting alone. A query is cancelled when all its callers have left.
 */
export class LookupBatcher<K, V> {
  readonly #findMany: FindMany<K, V>;
  readonly #options: LookupBatcherOptions<K>;
  #waiting: Lookup<K, V>[] = [];
  #state: 'idle' | 'starting' | 'running' = 'idle';

  constructor(findMany: FindMany<K, V>, options: LookupBatcherOptions<K>) {
    this.#findMany = findMany;
    this.#options = options;
  }

  /** Whether no query runs or is about to. */
  get isIdle(): boolean {
    return this.#state === 'idle';
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
      if (this.#state === 'running') this.#limit(lookup);
      if (this.#state !== 'idle') return;
      this.#state = 'starting';
      // Promise callbacks of this tick may begin further lookups.
      queueMicrotask(() => process.nextTick(() => void this.#sendAll()));
    });
  }

  async #sendAll(): Promise<void> {
    this.#state = 'running';
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      const [only] = batch;
      if (batch.length === 1 && !only!.deadline) await this.#sendOne(only!);
      else if (batch.length > 0) await this.#sendMany(batch);
    }
    this.#state = 'idle';
    this.#options.onIdle?.();
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
      (fits ? batch : rest).push(lookup);
    }
    this.#waiting = rest;
    return batch;
  }

  /** A query for one caller is limited by the caller's own options. */
  async #sendOne({ key, text, options, resolve, reject }: Lookup<K, V>): Promise<void> {
    try {
      resolve((await this.#findMany([key], options)).get(text));
    } catch (error) {
      reject(error);
    }
  }

  async #sendMany(batch: readonly Lookup<K, V>[]): Promise<void> {
    const keys = new Map<string, K>();
    const signal = new LightAbortSignal();
    let callers = batch.length;
    let deadline = 0;
    for (const lookup of batch) {
      keys.set(lookup.text, lookup.key);
      lookup.onLeave = () => {
        callers--;
        if (callers === 0) signal.abort();
      };
      deadline = Math.max(deadline, this.#limit(lookup).at);
    }
    try {
      const values = await this.#findMany([...keys.values()], { signal: signal.standard, deadline });
      for (const lookup of batch) if (this.#end(lookup)) lookup.resolve(values.get(lookup.text));
    } catch (error) {
      for (const lookup of batch) if (this.#end(lookup)) lookup.reject(error);
    }
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
