import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheSuites } from '@quantumtrade/dal-conformance';
import { RATE_LIMIT_WINDOW_MS } from '@quantumtrade/dal-domain';
import { Redis } from 'ioredis';
import { connectRedis } from './connect-redis.js';
import type { RedisSettings } from './settings.js';
import { freePort, RedisProcess } from './testing/redis-process.js';

describe('a single server', () => {
  conformsOn(async () => process.env['REDIS_URL']!, undefined);
});

describe('a cluster of one node', () => {
  let directory: string;
  let node: RedisProcess;

  conformsOn(
    async () => {
      directory = await mkdtemp(join(tmpdir(), 'redis-cluster-'));
      const bus = String(await freePort());
      node = await RedisProcess.start(
        ...['--cluster-enabled', 'yes', '--cluster-port', bus, '--cluster-announce-ip', '127.0.0.1'],
        ...['--dir', directory],
      );
      return node.url;
    },
    { enabled: true, maxRedirections: 3, retryDelayMs: 100 },
  );

  afterAll(async () => {
    await node.kill();
    await rm(directory, { recursive: true });
  });
});

function conformsOn(start: () => Promise<string>, cluster: RedisSettings['cluster']): void {
  let url: string;
  let redis: Redis;

  beforeAll(async () => {
    url = await start();
    redis = new Redis(url);
    if (!cluster) return;
    await redis.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    while (!(await redis.cluster('INFO')).includes('cluster_state:ok')) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });

  afterAll(async () => {
    await redis.quit();
  });

  cacheSuites({ describe, it, beforeAll, afterAll, beforeEach, expect }, async () => {
    const keyPrefix = `${randomUUID()}:`;
    let now = Date.UTC(2024, 0, 2);
    const backend = connectRedis({ url, keyPrefix, cluster }, { clock: { now: () => now } });
    const prefixedKeys = () => redis.keys(`${keyPrefix}*`);

    async function age(key: string, ms: number): Promise<void> {
      const log = (await redis.type(key)) === 'zset' ? await redis.zrange(key, -1, -1, 'WITHSCORES') : [];
      // A request log goes by the clock alone: brought near its end, it could reach it while a test is still looking.
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
  });
}
