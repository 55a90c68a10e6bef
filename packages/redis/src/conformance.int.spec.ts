import { cacheSuites } from '@quantumtrade/dal-conformance';
import { Redis } from 'ioredis';
import { openCache } from './testing/open-cache.js';

const runner = { describe, it, beforeAll, afterAll, beforeEach, expect };

/** Clusters and Sentinels run the same suites in the specs of their own servers. */
describe('a single server', () => {
  const url = process.env['REDIS_URL']!;
  let redis: Redis;
  beforeAll(() => void (redis = new Redis(url)));
  afterAll(() => redis.quit());

  cacheSuites(runner, async () => openCache(redis, { url }));
});
