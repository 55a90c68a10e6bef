import type { Cache, CacheBackend, CacheInvalidations, InvalidationListener } from '@quantumtrade/dal-domain';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import type { CoherentCacheOptions } from '../coherent-cache.js';
import { CoherentCache } from '../coherent-cache.js';
import { Chaos } from './chaos.js';

/** Gives all that is ready a chance to go on. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Invalidations that can be cut and, when asked to, keep what they would tell. */
export class Feed implements CacheInvalidations {
  readonly #listeners = new Set<InvalidationListener>();
  readonly #kept: (readonly string[] | 'all')[] = [];
  #isCut = false;
  #isLate = false;

  constructor(source: CacheInvalidations) {
    source.listen({
      onConnected: () => undefined,
      onDisconnected: () => undefined,
      onInvalidated: (keys) => {
        if (this.#isCut) return;
        if (this.#isLate) this.#kept.push(keys);
        else for (const listener of this.#listeners) listener.onInvalidated(keys);
      },
    });
  }

  listen(listener: InvalidationListener): () => void {
    this.#listeners.add(listener);
    queueMicrotask(() => listener.onConnected());
    return () => void this.#listeners.delete(listener);
  }

  cut(): void {
    this.#isCut = true;
    for (const listener of this.#listeners) listener.onDisconnected();
  }

  mend(): void {
    this.#isCut = false;
    for (const listener of this.#listeners) listener.onConnected();
  }

  delay(): void {
    this.#isLate = true;
  }

  deliver(): void {
    this.#isLate = false;
    for (const keys of this.#kept.splice(0)) {
      for (const listener of this.#listeners) listener.onInvalidated(keys);
    }
  }
}

/** One process with a cache over a store that it shares with others. */
export interface Process {
  readonly cache: CoherentCache;
  readonly chaos: Chaos;
  readonly feed: Feed;
}

export interface Cluster {
  readonly timers: ManualClock;
  /** The shared store, as a client that knows nothing of the cache sees it. */
  readonly foreign: Cache;
  readonly backend: CacheBackend;
  readonly processes: readonly Process[];
}

/** Processes over one store in memory. Time stands still. */
export async function openCluster(size = 1, options: CoherentCacheOptions = {}): Promise<Cluster> {
  const timers = new ManualClock();
  const backend = memoryCacheBackend({ clock: timers });
  const processes = Array.from({ length: size }, () => {
    const chaos = new Chaos(backend.cache);
    const feed = new Feed(backend.invalidations);
    const parts = { cache: chaos.cache, invalidations: feed };
    return {
      cache: new CoherentCache(parts, { clock: timers, time: timers, random: () => 0, ...options }),
      chaos,
      feed,
    };
  });
  await settled();
  return { timers, foreign: backend.cache, backend, processes };
}
