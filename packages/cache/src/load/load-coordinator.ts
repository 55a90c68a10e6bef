import type { CallOptions } from '@quantumtrade/dal-domain';
import { TimeoutError } from '@quantumtrade/dal-domain';
import type { Flight, LightAbortSignal } from '@quantumtrade/dal-runtime';
import { Deadline, Semaphore, sleep } from '@quantumtrade/dal-runtime';
import type { CacheCore } from '../core.js';
import type { KeyspaceOptions } from '../options.js';
import type { CachedEntry } from '../tiers/first-level.js';
import type { LoadedValue, SecondLevel } from '../tiers/second-level.js';
import { Lease, NewLease, UNREADABLE } from '../tiers/second-level.js';

/**
 * Loads a value from its source, or null when the source has none. The cache owns the value: it freezes and shares it. The signal
 * aborts when no caller waits any longer or the load's time is over. With `endsLateLoads: false` it is absent where neither happens.
 */
export type Loader<T> = (options: CallOptions) => Promise<T | null>;

/** Pause between looks at a key that another process loads. */
const POLL_MS = 25;
/** Pause between two reloads of one value. */
const REFRESH_PAUSE_MS = 1_000;

/** Loads the missing and reloads the old values of one keyspace. */
export class LoadCoordinator<P extends string, T> {
  readonly #core: CacheCore;
  readonly #secondLevel: SecondLevel<P, T>;
  readonly #options: Required<KeyspaceOptions>;
  readonly #degraded: Semaphore;

  constructor(core: CacheCore, secondLevel: SecondLevel<P, T>, options: Required<KeyspaceOptions>) {
    this.#core = core;
    this.#secondLevel = secondLevel;
    this.#options = options;
    this.#degraded = new Semaphore(options.maxDegradedLoads);
  }

  /** Returns the value of the second level, else of the loader. Callers may share the promise. */
  getOrLoad(key: string, loader: Loader<T>, options: CallOptions | undefined): Promise<T | null> {
    const { getting, firstLevel } = this.#core;
    return getting.run(
      key,
      options,
      (_, flight) => this.#getOrLoad(key, loader, flight),
      firstLevel.isConnected,
    );
  }

  /** Counts a value that is served, and reloads it in the background when it is old. */
  served(key: string, entry: CachedEntry<T>, loader: Loader<T>): void {
    const { time, counters, refreshing } = this.#core;
    const now = time.now();
    if (now >= entry.freshUntil) counters.staleServed++;
    const { value } = entry;
    // Absence is not reloaded: equal absences are indistinguishable, so a late reload could replace a newer one.
    if (now < entry.refreshAt || value === null) return;
    entry.refreshAt = now + REFRESH_PAUSE_MS;
    if (refreshing.has(key)) return;
    refreshing
      .run(key, undefined, (_, flight) => this.#refresh(key, value, loader, flight))
      .catch(() => counters.failedRefreshes++);
  }

  async #getOrLoad(key: string, loader: Loader<T>, flight: Flight): Promise<T | null> {
    const { clock, counters, leases } = this.#core;
    const { signal } = flight;
    const giveUpAt = clock.now() + this.#options.loadTimeoutMs;
    let seen: string | undefined;
    let hasChanged = false;
    do {
      signal.throwIfAborted();
      let found: CachedEntry<T> | Lease | typeof UNREADABLE;
      try {
        found = await this.#secondLevel.readOrLease(key);
        if (found === UNREADABLE || (signal.aborted && found instanceof NewLease)) {
          await this.#secondLevel.remove(key);
          if (hasChanged) await this.#pause(signal);
          hasChanged = true;
          continue;
        }
      } catch (error) {
        if (signal.aborted) throw error;
        break;
      }
      if (!(found instanceof Lease)) {
        counters.l2Hits++;
        this.served(key, found, loader);
        return found.value;
      }
      const load = this.#loadUnder(found, key, loader, flight, seen);
      if (load) return load;
      const isFirstLook = leases.isOwn(found) && found.token !== seen;
      seen = found.token;
      if (!isFirstLook) await this.#pause(signal);
    } while (clock.now() < giveUpAt);
    return this.#loadDegraded(key, loader, signal);
  }

  /** Joins or starts the load under a lease; undefined while another process loads for all or an own load has just ended. */
  #loadUnder(
    lease: Lease,
    key: string,
    loader: Loader<T>,
    flight: Flight,
    seen: string | undefined,
  ): Promise<T | null> | undefined {
    const { counters, loading, leases } = this.#core;
    const { token } = lease;
    const { signal } = flight;
    if (!(lease instanceof NewLease)) {
      const joined = loading.join<T | null>(token, { signal });
      if (joined) {
        counters.misses++;
        return joined;
      }
      const mayHaveEnded = leases.isOwn(lease) && token !== seen;
      if (mayHaveEnded || this.#options.onceInCluster) return undefined;
    }
    counters.misses++;
    loading.adopt(token, flight);
    if (lease instanceof NewLease) return this.#loadLeased(key, lease, loader, flight);
    return this.#load(loader, flight).then(({ value }) => value);
  }

  async #loadLeased(key: string, lease: NewLease, loader: Loader<T>, flight: Flight): Promise<T | null> {
    const { firstLevel, counters } = this.#core;
    const writes = firstLevel.writesOf(key);
    let loaded: LoadedValue<T>;
    try {
      loaded = await this.#load(loader, flight);
    } catch (error) {
      await this.#secondLevel.remove(key).catch(() => undefined);
      throw error;
    }
    let isStored = false;
    try {
      if (writes === firstLevel.writesOf(key))
        isStored = await this.#secondLevel.storeLoaded(key, lease, loaded);
      else await this.#secondLevel.endLease(key, lease);
    } catch {
      // The second level failed. The value is served nevertheless.
    }
    if (!isStored) counters.unstoredLoads++;
    return loaded.value;
  }

  async #refresh(key: string, old: T, loader: Loader<T>, flight: Flight): Promise<void> {
    const { firstLevel, counters } = this.#core;
    const writes = firstLevel.writesOf(key);
    counters.refreshes++;
    const loaded = await this.#load(loader, flight);
    const isStored =
      writes === firstLevel.writesOf(key) && (await this.#secondLevel.storeRefreshed(key, old, loaded));
    if (!isStored) counters.unstoredLoads++;
  }

  /** Callers share the load since the last change, received or not, so that they do not stampede the database. */
  #loadDegraded(key: string, loader: Loader<T>, signal: LightAbortSignal): Promise<T | null> {
    const { firstLevel, counters, loading } = this.#core;
    const version = firstLevel.versionOf(key);
    counters.degradedLoads++;
    return loading.run(`${version} ${key}`, { signal }, (within, flight) =>
      this.#degraded.run(async () => {
        within.throwIfAborted();
        const loaded = await this.#load(loader, flight);
        this.#secondLevel.keepUnstored(key, loaded, version);
        return loaded.value;
      }),
    );
  }

  /** Calls the loader. A load that takes too long is aborted, where the loader does not end it. */
  async #load(loader: Loader<T>, { signal, mayAbort }: Flight): Promise<LoadedValue<T>> {
    const { clock, time, counters } = this.#core;
    counters.loads++;
    const startedAt = time.now();
    const { loadTimeoutMs: timeoutMs, endsLateLoads } = this.#options;
    if (!endsLateLoads) {
      const limits = { deadline: clock.now() + timeoutMs, ...(mayAbort && { signal: signal.standard }) };
      return this.#secondLevel.takeOver(await loader(limits), startedAt);
    }
    const deadline = new Deadline({ signal, timeoutMs }, loadTimeout, clock);
    try {
      const value = await deadline.race(
        loader({ signal: signal.standard, deadline: deadline.at }),
        (reason) => signal.abort(reason),
      );
      return this.#secondLevel.takeOver(value, startedAt);
    } finally {
      deadline.end();
    }
  }

  #pause(signal: LightAbortSignal): Promise<void> {
    return sleep(POLL_MS, this.#core.clock, signal);
  }
}

const loadTimeout = (elapsedMs: number) => new TimeoutError(elapsedMs, { operation: 'cache.load' });
