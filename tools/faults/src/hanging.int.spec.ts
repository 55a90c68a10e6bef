import { setTimeout as delay } from 'node:timers/promises';
import { CoherentCache } from '@quantumtrade/dal-cache';
import type { CacheBackend } from '@quantumtrade/dal-domain';
import { connectRedis } from '@quantumtrade/dal-redis';
import { until } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { partsOf, VERSIONS } from './cache/keys.js';
import { settledInTime } from './faults/settled-in-time.js';

const KEYS = 200;
const CALLERS = 5;
const MOST_LOADS = 4;
const LOAD_MS = 2;
const BUDGET_MS = 100;
const PATIENCE_MS = 5_000;

let server: RedisProcess;
let backend: CacheBackend;
let cache: CoherentCache;
beforeEach(async () => {
  server = await RedisProcess.start();
  backend = connectRedis({ url: server.url });
  cache = new CoherentCache(backend, { budgetMs: BUDGET_MS, breaker: { openMs: 20 } });
});
afterEach(async () => {
  cache.close();
  await backend.probe.close();
  await server.kill();
});

it('loads no more at once than it may while the server hangs, ends every call, and caches again after it', async () => {
  const versions = cache.keyspace(VERSIONS, { maxDegradedLoads: MOST_LOADS });
  let running = 0;
  let most = 0;
  const load = async (): Promise<number> => {
    most = Math.max(most, ++running);
    await delay(LOAD_MS);
    running--;
    return 1;
  };
  let keys = 0;
  /** Each key of some that are new. */
  const loadAll = async () => {
    const first = (keys += KEYS);
    const calls = Array.from({ length: KEYS * CALLERS }, (_, i) =>
      versions.getOrLoad(partsOf(first + (i % KEYS)), load),
    );
    const got = await Promise.all(calls.map((call) => settledInTime(call, Date.now() + PATIENCE_MS)));
    expect(new Set(got)).toEqual(new Set([1]));
  };
  await loadAll();
  await until(async () => cache.health().isConnected);

  server.pause();
  most = 0;
  for (let round = 0; round < 3; round++) {
    await loadAll();
    const calls: Promise<unknown>[] = [
      versions.get(partsOf(0)),
      versions.set(partsOf(0), 1),
      backend.cache.exists('key', { deadline: Date.now() + BUDGET_MS }),
    ];
    for (const call of calls)
      await expect(settledInTime(call, Date.now() + BUDGET_MS)).rejects.toMatchObject({ retryable: true });
  }
  expect(most).toBeLessThanOrEqual(MOST_LOADS);
  expect(most).toBeGreaterThan(0);
  expect(cache.health().reads).not.toBe('closed');

  server.resume();
  await until(async () => {
    await loadAll();
    await versions.get(partsOf(keys));
    return versions.peek(partsOf(keys)) !== undefined;
  });
  expect(cache.health()).toEqual({ isConnected: true, reads: 'closed', writes: 'closed' });
});
