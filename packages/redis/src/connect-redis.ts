import type { CacheBackend, TimeSource } from '@quantumtrade/dal-domain';
import { systemClock } from '@quantumtrade/dal-domain';
import { createClients } from './connection/clients.js';
import { completeRedisSettings, endpointOf } from './connection/complete-settings.js';
import { Connection } from './connection/connection.js';
import type { Announcements } from './invalidation/change-channel.js';
import { trackingAnnouncements } from './invalidation/change-channel.js';
import { publishedAnnouncements, publishedWrites } from './invalidation/published-writes.js';
import { RedisInvalidations } from './invalidation/redis-invalidations.js';
import { deleteOne, getWithTtl, getWithTtlOrSet, RedisCache, setIfSame } from './cache/redis-cache.js';
import { RedisMarketStream } from './stream/redis-market-stream.js';
import { RedisRateLimiter, slidingWindow } from './rate-limiter/redis-rate-limiter.js';
import { timedWrite } from './cache/timed-write-script.js';
import type { InvalidationMode, RedisSettings } from './settings.js';
import { AppendNotices } from './stream/append-notices.js';
import { streamScripts } from './stream/stream-scripts.js';

/**
 * A cache and real-time store on Redis. Returns at once and connects behind: the first calls wait for the connection,
 * and a server that is not there fails them with `ConnectionError`, not this function. Close it with `probe.close()`.
 * Throws `ValidationError` when `url` is no address, settings contradict each other or a time is not more than 0. A clock that
 * is given says when the time of an entry is over, and is what the rate limiter goes by; by default that goes by the server's.
 */
export function connectRedis(settings: RedisSettings, { clock }: { clock?: TimeSource } = {}): CacheBackend {
  const complete = completeRedisSettings(settings);
  const clients = createClients(complete, endpointOf(settings), [
    getWithTtl,
    getWithTtlOrSet,
    setIfSame,
    deleteOne,
    timedWrite,
    slidingWindow,
    ...streamScripts,
  ]);
  const { keyPrefix, invalidation, budgetMs } = complete;
  const connection = new Connection(clients, complete.commandTimeoutMs, budgetMs);
  const invalidations = new RedisInvalidations(clients, announcementsOf(invalidation, keyPrefix));
  const isCluster = complete.cluster.enabled;
  const cacheRun =
    invalidation === 'pubsub' ? publishedWrites(connection.run, keyPrefix, isCluster) : connection.run;
  const notices = new AppendNotices(clients.master, keyPrefix);
  return {
    cache: new RedisCache(cacheRun, clock ?? systemClock, complete.scanTimeoutMs),
    invalidations,
    marketStream: new RedisMarketStream(connection.run, notices),
    rateLimiter: new RedisRateLimiter(connection.run, clock),
    budgetMs,
    probe: {
      ping: (options) => connection.ping(options),
      connectionCount: () => sum([connection, invalidations, notices].map((each) => each.connectionCount())),
      close: async () => {
        await Promise.all([connection, invalidations, notices].map((each) => each.close()));
      },
    },
  };
}

function announcementsOf(mode: InvalidationMode, keyPrefix: string): Announcements | undefined {
  if (mode === 'none') return undefined;
  return mode === 'pubsub' ? publishedAnnouncements(keyPrefix) : trackingAnnouncements(keyPrefix);
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
