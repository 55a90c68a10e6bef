import { cacheSuites } from '@quantumtrade/dal-conformance';
import { Redis } from 'ioredis';
import { openCache } from './testing/open-cache.js';

const runner = { describe, it, beforeAll, afterAll, beforeEach, expect };

/** A cluster runs the same suites; Sentinels and published writes run those that depend on them. */
describe('a single server', () => {
  const url = process.env['REDIS_URL']!;
  let redis: Redis;
  beforeAll(() => void (redis = new Redis(url)));
  afterAll(() => redis.quit());

  cacheSuites(runner, async () => openCache(redis, { url }));
});
