import type { Cache, CacheBackend, CacheInvalidations, InvalidationListener } from '@quantumtrade/dal-domain';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import type { CoherentCacheOptions } from '../coherent-cache.js';
import { CoherentCache } from '../coherent-cache.js';
import { FaultyCache } from './faulty-cache.js';

/** Resolves when everything that waits for no timer has run. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Invalidations that a test can disconnect and delay. */
class ControlledInvalidations implements CacheInvalidations {
  readonly #listeners = new Set<InvalidationListener>();
  readonly #kept: (readonly string[] | 'all')[] = [];
  #isDisconnected = false;
  #isDelayed = false;

  constructor(source: CacheInvalidations) {
    source.listen({
      onConnected: () => undefined,
      onDisconnected: () => undefined,
      onInvalidated: (keys) => {
        if (this.#isDisconnected) return;
        if (this.#isDelayed) this.#kept.push(keys);
        else for (const listener of this.#listeners) listener.onInvalidated(keys);
      },
    });
  }

  listen(listener: InvalidationListener): () => void {
    this.#listeners.add(listener);
    queueMicrotask(() => listener.onConnected());
    return () => void this.#listeners.delete(listener);
  }

  disconnect(): void {
    this.#isDisconnected = true;
    for (const listener of this.#listeners) listener.onDisconnected();
  }

  reconnect(): void {
    this.#isDisconnected = false;
    for (const listener of this.#listeners) listener.onConnected();
  }

  delay(): void {
    this.#isDelayed = true;
  }

  deliver(): void {
    this.#isDelayed = false;
    for (const keys of this.#kept.splice(0)) {
      for (const listener of this.#listeners) listener.onInvalidated(keys);
    }
  }
}

/** One process with a cache over the shared store. */
export interface Process {
  readonly cache: CoherentCache;
  readonly secondLevel: FaultyCache;
  readonly invalidations: ControlledInvalidations;
}

export interface Cluster {
  readonly timers: ManualClock;
  /** The shared store, as a client without this package has it. */
  readonly foreign: Cache;
  readonly backend: CacheBackend;
  readonly processes: readonly Process[];
}

/**
 * Opens processes over one store in memory. The time stands still unless the test advances it. With `reportsOwnStores` each process is
 * notified of what its loads store.
 */
export async function openCluster(
  size = 1,
  {
    reportsOwnStores = false,
    ...options
  }: CoherentCacheOptions & { readonly reportsOwnStores?: boolean } = {},
): Promise<Cluster> {
  const timers = new ManualClock();
  const backend = memoryCacheBackend({ clock: timers });
  const processes = Array.from({ length: size }, () => {
    const secondLevel = new FaultyCache(backend.cache, reportsOwnStores);
    const invalidations = new ControlledInvalidations(backend.invalidations);
    const parts = { cache: secondLevel.cache, invalidations };
    return {
      cache: new CoherentCache(parts, { clock: timers, time: timers, random: () => 0, ...options }),
      secondLevel,
      invalidations,
    };
  });
  await settled();
  return { timers, foreign: backend.cache, backend, processes };
}
