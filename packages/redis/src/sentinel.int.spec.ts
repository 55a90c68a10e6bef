import { cacheSuites } from '@quantumtrade/dal-conformance';
import { Redis } from 'ioredis';
import { openCache } from './testing/open-cache.js';
import { SentinelProcesses } from './testing/redis-sentinel.js';

const runner = { describe, it, beforeAll, afterAll, beforeEach, expect };
let processes: SentinelProcesses;
beforeAll(async () => {
  processes = await SentinelProcesses.start();
});
afterAll(() => processes.stop());

const settings = () => ({ url: 'redis://unused', sentinel: processes.settings });

describe('a master found through Sentinels', () => {
  let redis: Redis;
  beforeAll(async () => void (redis = new Redis((await processes.master())!.url)));
  afterAll(() => redis.quit());

  cacheSuites(runner, async () => openCache(redis, settings()));
});
