import { setTimeout as delay } from 'node:timers/promises';
import { CoherentCache } from '@quantumtrade/dal-cache';
import type { CacheBackend } from '@quantumtrade/dal-domain';
import { connectRedis } from '@quantumtrade/dal-redis';
import { until } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { cached, keyParts, VERSIONS } from './cache/cache-keys.js';

const KEY_COUNT = 200;
const ROUNDS = 20;

let server: RedisProcess;
let foreign: Redis;
let backend: CacheBackend;
let cache: CoherentCache;
beforeEach(async () => {
  server = await RedisProcess.start();
  foreign = new Redis(server.url);
  backend = connectRedis({ url: server.url, budgetMs: 10_000 });
  cache = new CoherentCache(backend, { budgetMs: 10_000 });
  await until(async () => cache.health().isConnected);
});
afterEach(async () => {
  cache.close();
  foreign.disconnect();
  await backend.probe.close();
  await server.kill();
});

const open = () => cache.keyspace({ ...VERSIONS, ttlSeconds: 60 });

it.each([0, 5])('a value loaded in %s ms is read once at most', async (loadMs) => {
  const versions = open();
  const keys = Array.from({ length: KEY_COUNT }, (_, i) => keyParts(i));
  const load = async () => {
    if (loadMs > 0) await delay(loadMs);
    return 7;
  };
  await Promise.all(keys.map((parts) => versions.getOrLoad(parts, load)));
  // After these rounds every notification of the loads has arrived.
  for (let round = 0; round < ROUNDS; round++) await backend.cache.exists('key');
  for (let round = 0; round < ROUNDS; round++) {
    for (const parts of keys) expect(await versions.get(parts)).toBe(7);
  }
  expect(keys.every((parts) => versions.peek(parts) === 7)).toBe(true);
  const { loads, l2Hits } = cache.stats();
  expect(loads).toBe(KEY_COUNT);
  expect(l2Hits).toBeLessThanOrEqual(KEY_COUNT);
});

it('a foreign write right after a load is never hidden', async () => {
  const versions = open();
  const held = Array.from({ length: KEY_COUNT }, async (_, i) => {
    await versions.getOrLoad(keyParts(i), async () => 1);
    await foreign.set(cached(i), '2');
    await until(async () => (await versions.get(keyParts(i))) === 2);
    for (let round = 0; round < ROUNDS; round++) expect(await versions.get(keyParts(i))).toBe(2);
  });
  await Promise.all(held);
});
