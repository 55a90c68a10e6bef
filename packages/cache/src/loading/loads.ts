import type { CallOptions } from '@quantumtrade/dal-domain';
import type { CacheCore } from '../core.js';
import type { Held } from '../l1/coherent-l1.js';
import { Loading, NewLoading, UNREADABLE } from '../l2/marks.js';
import type { Loaded, StoredValues } from '../l2/stored-values.js';
import type { KeyspaceOptions } from '../options.js';
import { waitFor } from '../wait-for.js';
import { Gate } from './gate.js';
import type { WorkSignal } from './work-signal.js';

/**
 * Gets a value from where it surely is; null when there is none. The value returned is handed over: it is frozen and may be
 * given to many. Its signal is aborted when nobody waits for it any more or its time is over.
 */
export type Loader<T> = (options: CallOptions) => Promise<T | null>;

/** How often it is looked whether another process has loaded a value. */
const LOOK_AGAIN_MS = 25;
/** After a reload was begun, the time in which the old value is not reloaded again. */
const REFRESH_PAUSE_MS = 1_000;

/** Gets the missing and renews the old values of one keyspace. */
export class Loads<P extends string, T> {
  readonly #core: CacheCore;
  readonly #stored: StoredValues<P, T>;
  readonly #options: Required<KeyspaceOptions>;
  readonly #degraded: Gate;

  constructor(core: CacheCore, stored: StoredValues<P, T>, options: Required<KeyspaceOptions>) {
    this.#core = core;
    this.#stored = stored;
    this.#options = options;
    this.#degraded = new Gate(options.maxDegradedLoads);
  }

  /** What the second level holds, else what is loaded. The promise is the caller's own: who forgets it is told of its failure. */
  async obtain(key: string, loader: Loader<T>, options: CallOptions | undefined): Promise<T | null> {
    return await this.#core.obtaining.join(
      key,
      options,
      (signal) => this.#obtain(key, loader, signal),
      this.#core.l1.isConnected,
    );
  }

  /** Counts a value that is served, and has it reloaded in the background when it is old. */
  served(key: string, held: Held<T>, loader: Loader<T>): void {
    const { clock, counters, refreshing } = this.#core;
    const now = clock.now();
    if (now >= held.freshUntil) counters.staleServed++;
    const { value } = held;
    // That there is nothing is remembered by a mark like any other, in whose place a late reload could come.
    if (now < held.refreshAt || value === null) return;
    held.refreshAt = now + REFRESH_PAUSE_MS;
    if (refreshing.has(key)) return;
    refreshing
      .join(key, undefined, (signal) => this.#refresh(key, value, loader, signal))
      .catch(() => counters.failedRefreshes++);
  }

  async #obtain(key: string, loader: Loader<T>, signal: WorkSignal): Promise<T | null> {
    const { clock, counters, loading, tokens } = this.#core;
    const giveUpAt = clock.now() + this.#options.loadTimeoutMs;
    let seen: string | undefined;
    let hasChanged = false;
    while (clock.now() < giveUpAt) {
      signal.throwIfAborted();
      let found: Held<T> | Loading | undefined;
      try {
        found = await this.#find(key, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        break;
      }
      if (found === undefined) {
        if (hasChanged) await this.#pause(signal);
        hasChanged = true;
        continue;
      }
      if (!(found instanceof Loading)) {
        counters.l2Hits++;
        this.served(key, found, loader);
        return found.value;
      }
      const { token } = found;
      if (found instanceof NewLoading) {
        counters.misses++;
        return await loading.join(token, { signal }, (within) =>
          this.#loadMarked(key, token, loader, within),
        );
      }
      const mayHaveEnded = tokens.isOwn(token) && token !== seen;
      if (loading.has(token) || !(mayHaveEnded || this.#options.onceInCluster)) {
        counters.misses++;
        return await loading.join(token, { signal }, async (within) => {
          const { value } = await this.#load(loader, within);
          return value;
        });
      }
      seen = token;
      if (!mayHaveEnded) await this.#pause(signal);
    }
    return this.#loadDegraded(key, loader, signal);
  }

  /** What the key holds, or the mark it was given because it held nothing; undefined when it has just changed. */
  async #find(key: string, signal: WorkSignal): Promise<Held<T> | Loading | undefined> {
    const found = await this.#stored.readOrMark(key);
    const isMarkedForNobody = signal.aborted && found instanceof NewLoading;
    if (found !== UNREADABLE && !isMarkedForNobody) return found;
    await this.#stored.remove(key);
    return undefined;
  }

  async #loadMarked(key: string, token: string, loader: Loader<T>, signal: WorkSignal): Promise<T | null> {
    const { l1, counters } = this.#core;
    const writes = l1.writesOf(key);
    let loaded: Loaded<T>;
    try {
      loaded = await this.#load(loader, signal);
    } catch (error) {
      await this.#stored.remove(key).catch(() => undefined);
      throw error;
    }
    const isUnwritten = writes === l1.writesOf(key);
    const stored = isUnwritten
      ? this.#stored.storeLoaded(key, token, loaded)
      : this.#stored.endMark(key, token).then(() => false);
    const isStored = await stored.catch(() => false);
    if (!isStored) counters.unstoredLoads++;
    return loaded.value;
  }

  async #refresh(key: string, old: T, loader: Loader<T>, signal: WorkSignal): Promise<void> {
    const { l1, counters } = this.#core;
    const writes = l1.writesOf(key);
    counters.refreshes++;
    const loaded = await this.#load(loader, signal);
    const isStored = writes === l1.writesOf(key) && (await this.#stored.storeRefreshed(key, old, loaded));
    if (!isStored) counters.unstoredLoads++;
  }

  /** Callers share the load since the last change that is known of, told or not: the database is not to be stampeded. */
  #loadDegraded(key: string, loader: Loader<T>, signal: WorkSignal): Promise<T | null> {
    const { l1, clock, counters, loading } = this.#core;
    const version = l1.versionOf(key);
    counters.degradedLoads++;
    return loading.join(`${version} ${key}`, { signal }, (within) =>
      this.#degraded.run(async () => {
        within.throwIfAborted();
        const begin = clock.now();
        const loaded = await this.#load(loader, within);
        this.#stored.keepUnstored(key, loaded, begin, version);
        return loaded.value;
      }),
    );
  }

  /** The signal is aborted as well when the load takes too long. */
  async #load(loader: Loader<T>, signal: WorkSignal): Promise<Loaded<T>> {
    const { clock, counters } = this.#core;
    counters.loads++;
    const deadline = clock.now() + this.#options.loadTimeoutMs;
    const options: CallOptions = {
      get signal() {
        return signal.standard;
      },
      deadline,
    };
    const load = async () => loader(options);
    const value = await waitFor(load(), 'cache.load', { signal, deadline }, clock, (reason) =>
      signal.abort(reason),
    );
    return this.#stored.taken(value);
  }

  #pause(signal: WorkSignal): Promise<void> {
    const { clock } = this.#core;
    const pause = new Promise<void>((resolve) => clock.after(LOOK_AGAIN_MS, resolve));
    return waitFor(pause, 'cache.load', { signal }, clock);
  }
}
