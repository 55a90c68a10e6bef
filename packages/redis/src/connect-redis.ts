import type { CacheBackend, Clock } from '@quantumtrade/dal-domain';
import { commandTimeoutMs, createClients } from './client/client.js';
import { Connection } from './client/connection.js';
import { RedisCache } from './ports/redis-cache.js';
import { appendToList, RedisMarketStream } from './ports/redis-market-stream.js';
import { RedisRateLimiter, slidingWindow } from './ports/redis-rate-limiter.js';
import { timedWrite } from './ports/timed-write-script.js';
import type { RedisSettings } from './settings.js';

/**
 * A cache and real-time store on Redis. Returns at once and connects behind: the first calls wait for the connection,
 * and a server that is not there fails them with `ConnectionError`, not this function. Close it with `probe.close()`.
 * Throws `ValidationError` when `url` is no address or settings contradict each other. The rate limiter goes by the
 * server's clock unless one is given.
 */
export function connectRedis(settings: RedisSettings, { clock }: { clock?: Clock } = {}): CacheBackend {
  const clients = createClients(settings, [timedWrite, appendToList, slidingWindow]);
  const connection = new Connection(clients, commandTimeoutMs(settings));
  return {
    cache: new RedisCache(connection.run),
    marketStream: new RedisMarketStream(connection.run),
    rateLimiter: new RedisRateLimiter(connection.run, clock),
    probe: connection,
  };
}
