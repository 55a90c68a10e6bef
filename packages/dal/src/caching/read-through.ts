import { isDatabaseError } from '@quantumtrade/dal-domain';

/** Told of each lookup of the read-through cache. */
export interface CacheObserver {
  cacheLookup(hit: boolean): void;
}

/**
 * Redis is never the source of truth: a cache that fails, hangs past its bound or holds nonsense counts as empty, and
 * the call goes on with the database. What is not the cache's own failure (an aborted signal) is passed on.
 */
export async function tolerant<T>(attempt: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (isDatabaseError(error) && error.code !== 'VALIDATION') return otherwise;
    throw error;
  }
}

/** Serves from the cache, else loads and stores. `hit` tells which it was. */
export async function readThrough<T>(
  observer: CacheObserver,
  cached: () => Promise<T | null>,
  load: () => Promise<T | null>,
  store: (value: T) => Promise<unknown>,
): Promise<{ value: T | null; hit: boolean }> {
  const found = await tolerant(cached, null);
  observer.cacheLookup(found !== null);
  if (found !== null) return { value: found, hit: true };
  const value = await load();
  if (value !== null) await tolerant(() => store(value), undefined);
  return { value, hit: false };
}
