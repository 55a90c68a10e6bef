import type { CallOptions, KeyParts, Keyspace } from '@quantumtrade/dal-domain';
import { memoizedKeyOf, TimeoutError } from '@quantumtrade/dal-domain';
import type { Flight } from '@quantumtrade/dal-runtime';
import { Deadline, LightAbortSignal, Semaphore, sleep } from '@quantumtrade/dal-runtime';
import type { CacheCore, Loader } from '../core.js';
import { resolveKeyspaceOptions, type KeyspaceOptions } from '../options.js';
import type { CachedEntry } from '../tiers/first-level.js';
import { Lease, NewLease } from '../tiers/leases.js';
import { type Found, type LoadedValue, SecondLevel, UNREADABLE } from '../tiers/second-level.js';

/** Pause between looks at a key that another process loads. */
const POLL_MS = 25;
/** Pause between two reloads of one value. */
const REFRESH_PAUSE_MS = 1_000;

/** Reads the values of one keyspace, loads the missing and reloads the old. */
export class KeyspaceReader<P extends string, T> {
  protected readonly core: CacheCore;
  protected readonly keyspace: Keyspace<P, T>;
  protected readonly keyOf: (parts: KeyParts<P>) => string;
  protected readonly secondLevel: SecondLevel<P, T>;
  readonly #options: Required<KeyspaceOptions>;
  readonly #degraded: Semaphore;

  /** Called by `CoherentCache.keyspace`. */
  constructor(core: CacheCore, keyspace: Keyspace<P, T>, options: KeyspaceOptions) {
    this.core = core;
    this.keyspace = keyspace;
    this.keyOf = memoizedKeyOf(keyspace.pattern);
    this.#options = resolveKeyspaceOptions(options);
    this.secondLevel = new SecondLevel(core, keyspace, this.#options);
    this.#degraded = new Semaphore(this.#options.maxDegradedLoads);
  }

  /** Returns the value at once if the first level holds it. Undefined means nothing about the second level. */
  peek(parts: KeyParts<P>): T | undefined {
    const { firstLevel, counters } = this.core;
    const entry = firstLevel.getFresh<T>(this.keyOf(parts));
    if (entry === undefined || entry.value === null) return undefined;
    counters.l1Hits++;
    return entry.value;
  }

  /**
   * Returns the value and loads it when it is missing. Callers of one key share one load, so its loaders must be alike. A loaded
   * value is stored only if its key has not changed meanwhile. While the second level does not answer, values come from this
   * process or the loader, with a bounded number of loads at a time. Rejects with the loader's error, with `TimeoutError` when
   * it takes too long, and with `ValidationError` when it returns what is not a value of the keyspace. Each caller gets a
   * promise of its own.
   */
  async getOrLoad(parts: KeyParts<P>, loader: Loader<T>, options?: CallOptions): Promise<T | null> {
    const { firstLevel, counters, getting } = this.core;
    const key = this.keyOf(parts);
    const entry = firstLevel.get<T>(key);
    if (entry === undefined)
      return getting.run(key, options, this.#getOrLoad.bind(this, key, loader), firstLevel.isConnected);
    counters.l1Hits++;
    this.#served(key, entry, loader);
    return entry.value;
  }

  /** Counts a value that is served, and reloads it in the background when it is old. */
  #served(key: string, entry: CachedEntry<T>, loader: Loader<T>): void {
    const { time, counters, refreshing } = this.core;
    const now = time.now();
    if (now >= entry.freshUntil) counters.staleServed++;
    const { value } = entry;
    // Absence is not reloaded: equal absences are indistinguishable, so a late reload could replace a newer one.
    if (now < entry.refreshAt || value === null) return;
    entry.refreshAt = now + REFRESH_PAUSE_MS;
    if (refreshing.has(key)) return;
    refreshing
      .run(key, undefined, (flight) => this.#refresh(key, value, loader, flight))
      .catch(() => counters.failedRefreshes++);
  }

  async #getOrLoad(key: string, loader: Loader<T>, flight: Flight): Promise<T | null> {
    const { clock, counters, leases } = this.core;
    const giveUpAt = clock.now() + this.#options.loadTimeoutMs;
    let seen: string | undefined;
    let hasChanged = false;
    do {
      if (flight.signal?.aborted) throw flight.signal.reason;
      let found: Found<T> | NewLease;
      try {
        found = await this.secondLevel.readOrLease(key);
        if (found === UNREADABLE || (flight.signal?.aborted && found instanceof NewLease)) {
          await this.secondLevel.remove(key);
          if (hasChanged) await this.#pause(flight);
          hasChanged = true;
          continue;
        }
      } catch (error) {
        if (flight.signal?.aborted) throw error;
        break;
      }
      if (found instanceof NewLease) return this.#loadLeased(key, found, loader, flight);
      if (!(found instanceof Lease)) {
        counters.l2Hits++;
        this.#served(key, found, loader);
        return found.value;
      }
      const load = this.#joinLoad(found, loader, flight, seen);
      if (load) return load;
      const isFirstLook = leases.isOwn(found) && found.token !== seen;
      seen = found.token;
      if (!isFirstLook) await this.#pause(flight);
    } while (clock.now() < giveUpAt);
    return this.#loadDegraded(key, loader, flight);
  }

  /** Joins or starts the load of a lease that was read; undefined while another process loads for all or an own load has just ended. */
  #joinLoad(
    lease: Lease,
    loader: Loader<T>,
    flight: Flight,
    seen: string | undefined,
  ): Promise<T | null> | undefined {
    const { counters, loading, leases } = this.core;
    const { token } = lease;
    const joined = loading.join<T | null>(token, { signal: flight.signal });
    const mayHaveEnded = leases.isOwn(lease) && token !== seen;
    if (!joined && (mayHaveEnded || this.#options.onceInCluster)) return undefined;
    counters.misses++;
    if (joined) return joined;
    loading.adopt(token, flight);
    return this.#load(loader, flight).then(({ value }) => value);
  }

  async #loadLeased(key: string, lease: NewLease, loader: Loader<T>, flight: Flight): Promise<T | null> {
    const { counters, loading } = this.core;
    counters.misses++;
    loading.adopt(lease.token, flight);
    const changes = lease.version.counters;
    const writesBefore = changes.writes;
    let loaded: LoadedValue<T>;
    try {
      loaded = await this.#load(loader, flight);
    } catch (error) {
      await this.secondLevel.remove(key).catch(() => undefined);
      throw error;
    }
    let isStored = false;
    try {
      if (changes.writes === writesBefore) isStored = await this.secondLevel.storeLoaded(key, lease, loaded);
      else await this.secondLevel.endLease(key, lease);
    } catch {
      // The second level failed. The value is served nevertheless.
    }
    if (!isStored) counters.unstoredLoads++;
    return loaded.value;
  }

  async #refresh(key: string, old: T, loader: Loader<T>, flight: Flight): Promise<void> {
    const { firstLevel, counters } = this.core;
    const before = firstLevel.versionOf(key);
    counters.refreshes++;
    const loaded = await this.#load(loader, flight);
    const isStored =
      before.writes === before.counters.writes && (await this.secondLevel.storeRefreshed(key, old, loaded));
    if (!isStored) counters.unstoredLoads++;
  }

  /** Callers share the load since the last change, received or not, so that they do not stampede the database. */
  #loadDegraded(key: string, loader: Loader<T>, { signal }: Flight): Promise<T | null> {
    const { firstLevel, counters, loading } = this.core;
    const version = firstLevel.versionOf(key);
    counters.degradedLoads++;
    return loading.run(`${version.changes} ${key}`, { signal }, (flight) =>
      this.#degraded.run(async () => {
        flight.signal?.throwIfAborted();
        const loaded = await this.#load(loader, flight);
        this.secondLevel.keepUnstored(loaded, version);
        return loaded.value;
      }),
    );
  }

  /** Calls the loader. A load that takes too long is aborted, where the loader does not end it. */
  async #load(loader: Loader<T>, flight: Flight): Promise<LoadedValue<T>> {
    const { clock, time, counters } = this.core;
    counters.loads++;
    const startedAt = time.now();
    const { loadTimeoutMs: timeoutMs, endsLateLoads } = this.#options;
    if (!endsLateLoads) {
      const deadline = clock.now() + timeoutMs;
      const limits = flight.signal ? { deadline, signal: flight.signal.standard } : { deadline };
      return this.secondLevel.takeOver(await loader(limits), startedAt);
    }
    const signal = (flight.signal ??= new LightAbortSignal());
    const deadline = new Deadline({ signal, timeoutMs }, loadTimeout, clock);
    try {
      const value = await deadline.race(
        loader({ signal: signal.standard, deadline: deadline.at }),
        (reason) => signal.abort(reason),
      );
      return this.secondLevel.takeOver(value, startedAt);
    } finally {
      deadline.end();
    }
  }

  #pause({ signal }: Flight): Promise<void> {
    return sleep(POLL_MS, this.core.clock, signal);
  }
}

const loadTimeout = (elapsedMs: number) => new TimeoutError(elapsedMs, { operation: 'cache.load' });
