import { cacheSuites } from '@quantumtrade/dal-conformance';
import { RedisClusterProcesses } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { openCache } from './testing/open-cache.js';

const runner = { describe, it, beforeAll, afterAll, beforeEach, expect };

describe('a single server', () => {
  const url = process.env['REDIS_URL']!;
  let redis: Redis;
  beforeAll(() => void (redis = new Redis(url)));
  afterAll(() => redis.quit());

  cacheSuites(runner, async () => openCache(redis, { url }));
});

describe('a cluster of one node', () => {
  let cluster: RedisClusterProcesses;
  beforeAll(async () => void (cluster = await RedisClusterProcesses.start(1, 0)));
  afterAll(() => cluster.stop());

  cacheSuites(runner, async () => openCache(cluster.client, cluster.settings));
});
