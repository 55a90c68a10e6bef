import type { StoreReadOptions } from '@quantumtrade/dal-domain';
import { isDatabaseError, joinWriteTokens } from '@quantumtrade/dal-domain';

/** Loads values from the store by one call. The result has the value of each item, or null where the store has none. */
export type ManyLoader<K, T> = (
  items: readonly K[],
  limits: StoreReadOptions,
) => Promise<readonly (T | null)[]>;

interface PendingLoad<K, T> {
  readonly item: K;
  readonly limits: StoreReadOptions;
  resolve(value: T | null): void;
  reject(reason: unknown): void;
}

/**
 * Collects the values that are to be loaded in one turn of the event loop, and loads them by one call. It begins when all of
 * them hold their leases, so that no write between a lease and its load is missed.
 */
class LoadBatch<K, T> {
  readonly #loadMany: ManyLoader<K, T>;
  #pending: PendingLoad<K, T>[] = [];

  constructor(loadMany: ManyLoader<K, T>) {
    this.#loadMany = loadMany;
  }

  load(item: K, limits: StoreReadOptions): Promise<T | null> {
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) setImmediate(() => void this.#send());
      this.#pending.push({ item, limits, resolve, reject });
    });
  }

  async #send(): Promise<void> {
    const loads = this.#pending;
    this.#pending = [];
    const shared = new SharedLimits(loads.map(({ limits }) => limits));
    try {
      const items = loads.map(({ item }) => item);
      const values = await this.#loadMany(items, shared.limits);
      loads.forEach(({ resolve }, i) => resolve(values[i] ?? null));
    } catch (error) {
      for (const { reject } of loads) reject(error);
    } finally {
      shared.release();
    }
  }
}

/** Returns a loader of one item that loads together with others. Those that must see writes do not hold up the rest. */
export function loadTogether<K, T>(loadMany: ManyLoader<K, T>) {
  const batch = new LoadBatch(loadMany);
  const afterWrites = new LoadBatch(loadMany);
  return (item: K, limits: StoreReadOptions): Promise<T | null> =>
    (limits.readAfter === undefined ? batch : afterWrites).load(item, limits);
}

/** Returns the values of a read of the second level, or nulls when it fails: each value is then loaded as without it. */
export function orNulls<T>(read: Promise<(T | null)[]>, count: number): Promise<(T | null)[]> {
  return read.catch((error: unknown) => {
    if (!isDatabaseError(error)) throw error;
    return new Array<null>(count).fill(null);
  });
}

/** Limits of a call that several wait for: it may last as long as the longest of them, and ends when all are aborted. */
class SharedLimits {
  readonly limits: StoreReadOptions;
  readonly #signals: readonly AbortSignal[];
  readonly #controller = new AbortController();

  constructor(all: readonly StoreReadOptions[]) {
    const deadline = Math.max(...all.map((limits) => limits.deadline ?? Infinity));
    this.#signals = all.flatMap(({ signal }) => signal ?? []);
    const mayAbort = this.#signals.length === all.length;
    // Loads of one batch are those of one call.
    const { priority, readAfterTimeoutMs } = all[0]!;
    const readAfter = joinWriteTokens(all.flatMap((limits) => limits.readAfter ?? []));
    this.limits = {
      ...(deadline < Infinity && { deadline }),
      ...(mayAbort && { signal: this.#controller.signal }),
      ...(priority && { priority }),
      ...(readAfter !== null && { readAfter }),
      ...(readAfterTimeoutMs !== undefined && { readAfterTimeoutMs }),
    };
    if (!mayAbort) return;
    for (const signal of this.#signals) signal.addEventListener('abort', this.#onAbort);
    this.#onAbort();
  }

  release(): void {
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    if (this.#signals.every(({ aborted }) => aborted)) this.#controller.abort(this.#signals[0]?.reason);
  };
}
