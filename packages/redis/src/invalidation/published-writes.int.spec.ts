import { cacheCommandSuites, cacheConnectionSuites, RecordingListener } from '@quantumtrade/dal-conformance';
import { RedisClusterProcesses } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { closeAll, connect } from '../testing/connected.js';
import { openCache } from '../testing/open-cache.js';
import { suitesOfMode } from '../testing/suites-of-mode.js';

const runner = { describe, it, beforeAll, afterAll, beforeEach, expect };
const invalidation = 'pubsub';
const url = process.env['REDIS_URL']!;

afterEach(closeAll);

describe('a single server', () => {
  let redis: Redis;
  beforeAll(() => void (redis = new Redis(url)));
  afterAll(() => redis.quit());

  for (const suites of suitesOfMode(cacheCommandSuites, cacheConnectionSuites)) {
    suites(runner, async () => openCache(redis, { url, invalidation }));
  }

  it('writes are announced to processes with the same prefix only', async () => {
    const [ours, theirs] = [new RecordingListener(), new RecordingListener()];
    connect({ url, invalidation, keyPrefix: 'ours:' }).invalidations.listen(ours);
    connect({ url, invalidation, keyPrefix: 'theirs:' }).invalidations.listen(theirs);
    await Promise.all([ours.until('(connected)'), theirs.until('(connected)')]);
    const writer = connect({ url, invalidation, keyPrefix: 'ours:' });
    const other = connect({ url, invalidation, keyPrefix: 'theirs:' });
    await writer.cache.setIfNewer('a,b', { timestamp: '2024-01-02T00:00:00Z' }, 60);
    await other.cache.set('marker', 1, 60);
    await Promise.all([ours.until('a,b'), theirs.until('marker')]);
    expect([ours.events, theirs.events]).toEqual([
      ['(connected)', 'a,b'],
      ['(connected)', 'marker'],
    ]);
  });

  it('reads and rate limits publish nothing', async () => {
    const backend = connect({ url, invalidation, keyPrefix: 'ours:' });
    const listener = new RecordingListener();
    backend.invalidations.listen(listener);
    await listener.until('(connected)');
    await backend.cache.getEntry('key', { parse: String });
    await backend.cache.set('held', 1, 60);
    await backend.cache.getEntryOrSet('held', { parse: String }, 2, 60);
    await backend.cache.getMany(['key'], { parse: String });
    await backend.rateLimiter.consume({ userId: 'ann', endpoint: '/x', limit: 1 });
    await backend.cache.set('marker', 1, 60);
    await listener.until('marker');
    expect(listener.events).toEqual(['(connected)', 'held', 'marker']);
  });
});

describe('a cluster of two masters', () => {
  let cluster: RedisClusterProcesses;
  beforeAll(async () => void (cluster = await RedisClusterProcesses.start(2, 0)));
  afterAll(() => cluster.stop());

  for (const suites of suitesOfMode(cacheConnectionSuites)) {
    suites(runner, async () => openCache(cluster.client, { ...cluster.settings, invalidation }));
  }
});
