import type { CacheBackend, TimeSource } from '@quantumtrade/dal-domain';
import { systemClock } from '@quantumtrade/dal-domain';
import { cacheScripts } from './cache/cache-scripts.js';
import { RedisCache } from './cache/redis-cache.js';
import { completeRedisSettings, endpointOf, hostAndPort } from './connection/complete-settings.js';
import { Connection } from './connection/connection.js';
import { createClients } from './connection/create-clients.js';
import type { ChangeChannel } from './invalidation/change-channel.js';
import { trackingChannel } from './invalidation/change-channel.js';
import { publishedChannel, publishWrites } from './invalidation/published-writes.js';
import { RedisInvalidations } from './invalidation/redis-invalidations.js';
import { RedisRateLimiter, slidingWindow } from './rate-limiter/redis-rate-limiter.js';
import type { InvalidationMode, RedisSettings } from './settings.js';
import { AppendNotices } from './stream/append-notices.js';
import { RedisMarketStream } from './stream/redis-market-stream.js';
import { streamScripts } from './stream/stream-scripts.js';

/**
 * Opens a cache and real-time store on Redis. Returns immediately and connects in the background: the first calls wait for the
 * connection and fail with `ConnectionError` when the server is unavailable. Close it with `probe.close()`.
 *
 * Throws `ValidationError` for an invalid `url`, contradictory settings and times of 0 or less. With a `clock`, expiry times
 * and the rate limiter use that clock; without, the rate limiter uses the server's.
 */
export function connectRedis(settings: RedisSettings, { clock }: { clock?: TimeSource } = {}): CacheBackend {
  const complete = completeRedisSettings(settings);
  const { keyPrefix, invalidation, commandTimeoutMs, budgetMs, scanTimeoutMs, cluster, sentinel } = complete;
  const { maxPendingCalls, maxPendingBytes, rateLimitFallback } = complete;
  const address = endpointOf(settings);
  const scripts = [...cacheScripts, slidingWindow, ...streamScripts];
  const clients = createClients(complete, address, scripts);
  // Which server of a cluster or behind Sentinels failed is not known.
  const endpoint = cluster.enabled || sentinel ? undefined : hostAndPort(address);
  const connection = new Connection(clients, {
    commandTimeoutMs,
    budgetMs,
    endpoint,
    maxPendingCalls,
    maxPendingBytes,
    login: address,
    sentinelPassword: sentinel?.password,
  });
  const invalidations = new RedisInvalidations(clients, createChannel(invalidation, keyPrefix));
  const runCacheCommand =
    invalidation === 'pubsub' ? publishWrites(connection.run, keyPrefix, cluster.enabled) : connection.run;
  const notices = new AppendNotices(clients.master, keyPrefix);
  const parts = [connection, invalidations, notices];
  return {
    cache: new RedisCache(runCacheCommand, clock ?? systemClock, scanTimeoutMs),
    invalidations,
    marketStream: new RedisMarketStream(connection.run, notices),
    rateLimiter: new RedisRateLimiter(connection.run, clock, rateLimitFallback),
    budgetMs,
    probe: {
      system: 'redis',
      ping: (options) => connection.ping(options),
      connectionCount: () => parts.reduce((count, part) => count + part.connectionCount(), 0),
      breakers: () => [{ name: 'redis', state: connection.breakerState }],
      close: async () => {
        await Promise.all(parts.map((part) => part.close()));
      },
    },
  };
}

function createChannel(mode: InvalidationMode, keyPrefix: string): ChangeChannel | undefined {
  if (mode === 'none') return undefined;
  return mode === 'pubsub' ? publishedChannel(keyPrefix) : trackingChannel(keyPrefix);
}
