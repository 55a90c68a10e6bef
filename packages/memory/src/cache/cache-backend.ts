import type { CacheBackend, TimeSource } from '@quantumtrade/dal-domain';
import { requireClock, requireKnownKeys, requireObject, systemClock } from '@quantumtrade/dal-domain';
import { ExpiringStore } from './expiring-store.js';
import { MemoryCache } from './memory-cache.js';
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
    invalidations: store,
    marketStream: new MemoryMarketStream(store),
    rateLimiter: new MemoryRateLimiter(store),
    holds: store.has.bind(store),
    probe: {
      ping: async (options) => store.enter(options, 'cache.ping'),
      connectionCount: () => 0,
      close: async () => store.close(),
    },
  };
}
