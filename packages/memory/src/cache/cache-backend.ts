import type { CacheBackend, InvalidationListener, TimeSource } from '@quantumtrade/dal-domain';
import { requireClock, requireKnownKeys, requireObject, systemClock } from '@quantumtrade/dal-domain';
import { ExpiringStore, MemoryCache } from './memory-cache.js';
import { MemoryMarketStream } from './memory-market-stream.js';
import { MemoryRateLimiter } from './memory-rate-limiter.js';

const OPERATION = 'memory.open';

/** A cache and real-time store in this process's memory. Default clock is the system's. */
export function memoryCacheBackend(settings: { clock?: TimeSource } = {}): CacheBackend {
  requireKnownKeys(requireObject('settings', settings, OPERATION), ['clock'], OPERATION);
  const { clock = systemClock } = settings;
  requireClock('clock', clock, OPERATION);
  return cacheBackendOver(new ExpiringStore(clock));
}

/** The ports over a store that the caller can look into. */
export function cacheBackendOver(store: ExpiringStore): CacheBackend {
  return {
    cache: new MemoryCache(store),
    invalidations: { listen: (listener) => listenTo(store, listener) },
    marketStream: new MemoryMarketStream(store),
    rateLimiter: new MemoryRateLimiter(store),
    holds: store.has.bind(store),
    probe: {
      system: 'memory',
      ping: async (options) => store.enter(options, 'cache.ping'),
      connectionCount: () => 0,
      close: async () => store.close(),
    },
  };
}

/** Connects a listener to a store after this call has returned. Returns a function that disconnects it. */
function listenTo(store: ExpiringStore, listener: InvalidationListener): () => void {
  let stop: (() => void) | undefined;
  let isOver = false;
  queueMicrotask(() => {
    if (isOver || store.isClosed) return;
    stop = store.watch(listener);
    listener.onConnected();
  });
  return () => {
    isOver = true;
    stop?.();
  };
}
