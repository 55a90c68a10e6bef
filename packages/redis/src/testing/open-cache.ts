import { randomUUID } from 'node:crypto';
import type { OpenCache } from '@quantumtrade/dal-conformance';
import { RATE_LIMIT_WINDOW_MS } from '@quantumtrade/dal-domain';
import { Cluster, type Redis } from 'ioredis';
import { connectRedis } from '../connect-redis.js';
import type { RedisSettings } from '../settings.js';

/** Opens an empty backend for the conformance suites, with its own keys in a store that `redis` administers. */
export function openCache(redis: Redis | Cluster, settings: RedisSettings): OpenCache {
  const keyPrefix = `${randomUUID()}:`;
  let now = Date.UTC(2024, 0, 2);
  const backend = connectRedis({ budgetMs: 10_000, ...settings, keyPrefix }, { clock: { now: () => now } });

  async function prefixedKeys(): Promise<string[]> {
    const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
    return (await Promise.all(servers.map((server) => server.keys(`${keyPrefix}*`)))).flat();
  }

  async function age(key: string, ms: number): Promise<void> {
    const log = (await redis.type(key)) === 'zset' ? await redis.zrange(key, -1, -1, 'WITHSCORES') : [];
    // A request log depends on the clock alone; with a shortened time to live it could expire during the test.
    if (log.length > 0 && Number(log[1]) + RATE_LIMIT_WINDOW_MS > now) return;
    const left = (await redis.pttl(key)) - ms;
    await (left > 0 && log.length === 0 ? redis.pexpire(key, left) : redis.del(key));
  }

  return {
    backend,
    advance: async (ms) => {
      now += ms;
      for (const key of await prefixedKeys()) await age(key, ms);
    },
    now: () => now,
    keys: async () => (await prefixedKeys()).map((key) => key.slice(keyPrefix.length)),
    ttlMs: async (key) => {
      const ms = await redis.pttl(keyPrefix + key);
      return ms < 0 ? null : ms;
    },
    text: (key) => redis.get(keyPrefix + key),
    putText: async (key, text) => {
      await redis.set(keyPrefix + key, text, 'EX', 3_600);
    },
    dump: async () => {
      const keys = await prefixedKeys();
      return JSON.stringify([keys, await Promise.all(keys.map((key) => redis.get(key)))]);
    },
    close: async () => {
      await backend.probe.close();
      for (const key of await prefixedKeys()) await redis.del(key);
    },
  };
}
