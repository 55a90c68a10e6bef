import { setTimeout as delay } from 'node:timers/promises';
import { CoherentCache } from '@quantumtrade/dal-cache';
import type { CacheBackend } from '@quantumtrade/dal-domain';
import { connectRedis } from '@quantumtrade/dal-redis';
import { until } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { keyParts, VERSIONS } from './cache/cache-keys.js';
import { awaitByDeadline } from './writing/await-by-deadline.js';

const KEY_NUMBERS = 200;
const CALLERS = 5;
const MAX_LOADS = 4;
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

it('a hanging server bounds concurrent loads and ends every call', async () => {
  const versions = cache.keyspace(VERSIONS, { maxDegradedLoads: MAX_LOADS });
  let running = 0;
  let most = 0;
  const load = async (): Promise<number> => {
    most = Math.max(most, ++running);
    await delay(LOAD_MS);
    running--;
    return 1;
  };
  let keys = 0;
  /** Loads new keys, each by several callers. */
  const loadAll = async () => {
    const first = (keys += KEY_NUMBERS);
    const calls = Array.from({ length: KEY_NUMBERS * CALLERS }, (_, i) =>
      versions.getOrLoad(keyParts(first + (i % KEY_NUMBERS)), load),
    );
    const values = await Promise.all(calls.map((call) => awaitByDeadline(call, Date.now() + PATIENCE_MS)));
    expect(new Set(values)).toEqual(new Set([1]));
  };
  await loadAll();
  await until(async () => cache.health().isConnected);

  server.pause();
  most = 0;
  for (let round = 0; round < 3; round++) {
    await loadAll();
    const calls: Promise<unknown>[] = [
      versions.get(keyParts(0)),
      versions.set(keyParts(0), 1),
      backend.cache.exists('key', { deadline: Date.now() + BUDGET_MS }),
    ];
    for (const call of calls)
      await expect(awaitByDeadline(call, Date.now() + BUDGET_MS)).rejects.toMatchObject({ retryable: true });
  }
  expect(most).toBeLessThanOrEqual(MAX_LOADS);
  expect(most).toBeGreaterThan(0);
  expect(cache.health().reads).not.toBe('closed');

  server.resume();
  await until(async () => {
    await loadAll();
    await versions.get(keyParts(keys));
    return versions.peek(keyParts(keys)) !== undefined;
  });
  expect(cache.health()).toEqual({ isConnected: true, reads: 'closed', writes: 'closed' });
});
