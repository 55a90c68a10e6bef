import { randomUUID } from 'node:crypto';
import { rejectionOf, printedForms } from '@quantumtrade/dal-conformance';
import type { CacheBackend, CacheInvalidations } from '@quantumtrade/dal-domain';
import { anyValue, RATE_LIMIT_WINDOW_MS, WRONG_TYPE } from '@quantumtrade/dal-domain';
import { until } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { connectRedis } from './connect-redis.js';

const SECRET = 's3cr3t';
const instant = (ms: number) => new Date(Date.UTC(2024, 0, 2) + ms).toISOString();

let server: RedisProcess;
let redis: Redis;
let backend: CacheBackend;
let keyPrefix: string;

beforeAll(async () => {
  server = await RedisProcess.start();
  redis = new Redis(server.url);
});

afterAll(async () => {
  await redis.quit();
  await server.kill();
});

beforeEach(() => {
  keyPrefix = `${randomUUID()}:`;
  backend = connectRedis({ url: server.url, keyPrefix, budgetMs: 10_000 });
});

afterEach(async () => {
  await backend.probe.close();
});

/** Runs work on several connections to the same keys. */
async function withConnections<T>(count: number, work: (backends: CacheBackend[]) => Promise<T>): Promise<T> {
  const backends = Array.from({ length: count }, () =>
    connectRedis({ url: server.url, keyPrefix, budgetMs: 10_000 }),
  );
  try {
    return await work(backends);
  } finally {
    await Promise.all(backends.map(({ probe }) => probe.close()));
  }
}

async function connectionsOf(administrator: Redis): Promise<number> {
  return String(await administrator.client('LIST'))
    .trim()
    .split('\n').length;
}

/** Resolves when a listener is connected. */
function connectListener(invalidations: CacheInvalidations): Promise<void> {
  return new Promise((resolve) => {
    invalidations.listen({
      onConnected: resolve,
      onDisconnected: () => undefined,
      onInvalidated: () => undefined,
    });
  });
}

it('setIfNewer keeps the newest value of many concurrent writers', async () => {
  await withConnections(10, async (backends) => {
    const writes = Array.from({ length: 100 }, (_, i) =>
      backends[i % 10]!.cache.setIfNewer('key', { timestamp: instant((i * 37) % 100) }, 60),
    );
    await Promise.all(writes);
  });
  expect(await backend.cache.get('key', anyValue)).toEqual({ timestamp: instant(99) });
});

it('rate limits are exact over many connections, by server time', async () => {
  const request = { userId: 'ann', endpoint: '/orders', limit: 37 };
  const decisions = await withConnections(10, (backends) =>
    Promise.all(Array.from({ length: 200 }, (_, i) => backends[i % 10]!.rateLimiter.consume(request))),
  );
  expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(37);
  for (const { allowed, retryAfterMs } of decisions) {
    expect(allowed || (retryAfterMs > 0 && retryAfterMs <= RATE_LIMIT_WINDOW_MS)).toBe(true);
  }
  const key = `${keyPrefix}rate_limit:ann:/orders`;
  expect(await redis.zcard(key)).toBe(37);
  const [serverSeconds] = await redis.time();
  const [, newest] = await redis.zrange(key, -1, -1, 'WITHSCORES');
  expect(Math.abs(Number(newest) - Number(serverSeconds) * 1000)).toBeLessThan(RATE_LIMIT_WINDOW_MS);
});

it('a request log never holds more requests than its limit', async () => {
  let now = 0;
  const limited = connectRedis(
    { url: server.url, keyPrefix, budgetMs: 10_000 },
    { clock: { now: () => now } },
  );
  for (let i = 0; i < 500; i++) {
    now += 7_000;
    await limited.rateLimiter.consume({ userId: 'ann', endpoint: '/orders', limit: 5 });
    expect(await redis.zcard(`${keyPrefix}rate_limit:ann:/orders`)).toBeLessThanOrEqual(5);
  }
  await limited.probe.close();
});

it('every request counts when the clock goes back', async () => {
  let now = 100_000;
  const limited = connectRedis(
    { url: server.url, keyPrefix, budgetMs: 10_000 },
    { clock: { now: () => now } },
  );
  const counts: number[] = [];
  for (const at of [100_000, 130_000, 165_000, 130_000, 165_000, 165_000]) {
    now = at;
    counts.push((await limited.rateLimiter.consume({ userId: 'a', endpoint: 'b', limit: 9 })).count);
  }
  expect(counts).toEqual([1, 2, 2, 3, 4, 5]);
  await limited.probe.close();
});

it('scripts run again after SCRIPT FLUSH', async () => {
  await backend.cache.setIfNewer('key', { timestamp: instant(0) }, 60);
  await backend.cache.setIfNewer('key', { timestamp: instant(1) }, 60);
  await redis.script('FLUSH');
  expect(await backend.cache.setIfNewer('key', { timestamp: instant(0) }, 60)).toBe(false);
  expect(await backend.cache.setIfNewer('key', { timestamp: instant(2) }, 60)).toBe(true);
});

it('each call costs one server command', async () => {
  await backend.rateLimiter.consume({ userId: 'a', endpoint: 'b', limit: 9 });
  await backend.cache.setIfNewer('warm', { timestamp: instant(0) }, 60);
  await redis.config('RESETSTAT');
  for (let i = 0; i < 5; i++) {
    await backend.rateLimiter.consume({ userId: 'a', endpoint: 'b', limit: 9 });
    await backend.cache.setIfNewer('key', { timestamp: instant(i) }, 60);
  }
  const stats = await redis.info('commandstats');
  expect(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]).toBe('10');
  expect(/cmdstat_eval:/.exec(stats)).toBeNull();
});

it('different prefixes separate environments in one database', async () => {
  const other = connectRedis({ url: server.url, keyPrefix: `${randomUUID()}:` });
  await backend.cache.set('key', 'mine', 60);
  await other.cache.set('key', 'theirs', 60);
  expect(await backend.cache.get('key', anyValue)).toBe('mine');
  expect(await other.cache.delete('key')).toBe(true);
  expect(await backend.cache.exists('key')).toBe(true);
  await other.probe.close();
});

it('setMany writes nothing more after its caller has left', async () => {
  const keys = Array.from({ length: 3_000 }, (_, i) => `key-${i}`);
  const controller = new AbortController();
  await backend.probe.ping();
  const left = backend.cache.setMany(
    keys.map((key) => ({ key, value: 'earlier', ttlSeconds: 60 })),
    { signal: controller.signal },
  );
  controller.abort('not needed');
  await expect(left).rejects.toBe('not needed');
  await backend.cache.set(keys.at(-1)!, 'later', 60);
  for (let i = 0; i < keys.length; i++) await backend.probe.ping();
  expect(await backend.cache.get(keys.at(-1)!, anyValue)).toBe('later');
  expect(await backend.cache.get(keys[0]!, anyValue)).toBe('earlier');
});

it('any number of concurrent calls uses one connection', async () => {
  await Promise.all(Array.from({ length: 500 }, (_, i) => backend.cache.set(`key-${i}`, i, 60)));
  expect(backend.probe.connectionCount()).toBe(1);
});

it('all features together use at most three connections', async () => {
  await backend.probe.ping();
  const before = await connectionsOf(redis);
  const full = connectRedis({ url: server.url, keyPrefix, budgetMs: 10_000 });
  const leaving = new AbortController();
  const listeners = [1, 2].map(() => connectListener(full.invalidations));
  const followers = ['AAPL', 'MSFT'].map((symbol) =>
    full.marketStream.subscribe(symbol, { signal: leaving.signal })[Symbol.asyncIterator]().next(),
  );
  await Promise.all([
    ...listeners,
    ...Array.from({ length: 100 }, (_, i) => full.cache.set(`k-${i}`, i, 60)),
  ]);
  await until(async () => full.probe.connectionCount() === 3);
  expect((await connectionsOf(redis)) - before).toBe(3);
  leaving.abort('enough');
  for (const next of followers) await expect(next).rejects.toBe('enough');
  await full.probe.close();
  await until(async () => (await connectionsOf(redis)) === before);
});

it.each([
  ['a key of another type', async () => void (await redis.lpush(`${keyPrefix}key`, 'x')), WRONG_TYPE, false],
  [
    'a full memory',
    async () => void (await redis.config('SET', 'maxmemory', '1')),
    'the server answered OOM',
    true,
  ],
  [
    'a replica',
    async () => {
      await redis.replicaof('127.0.0.1', 1);
    },
    'the server answered READONLY',
    true,
  ],
])('a call on %s fails with a CacheError without the value', async (_, arrange, reason, retryable) => {
  await backend.probe.ping();
  try {
    await arrange();
    const value = { timestamp: instant(0), secret: SECRET };
    const error = await rejectionOf(() => backend.cache.setIfNewer('key', value, 60));
    expect(error).toMatchObject({ code: 'CACHE', retryable });
    const at = reason === WRONG_TYPE ? '' : ` at ${new URL(server.url).host}`;
    expect(error.message).toBe(`Cache operation failed: cache.setIfNewer - ${reason}${at}`);
    expect(printedForms(error)).not.toContain(SECRET);
  } finally {
    await redis.config('SET', 'maxmemory', '0');
    await redis.replicaof('NO', 'ONE');
  }
});

it('a forbidden command fails with CacheError', async () => {
  await redis.acl('SETUSER', 'reader', 'on', '>pw', '~*', '+get', '+info', '+ping', '+client');
  const reader = connectRedis({ url: server.url, username: 'reader', password: 'pw', keyPrefix });
  expect(await reader.cache.get('key', anyValue)).toBeNull();
  const error = await rejectionOf(() => reader.cache.set('key', SECRET, 60));
  expect(error).toMatchObject({ code: 'CACHE', retryable: false });
  expect(printedForms(error)).not.toContain(SECRET);
  await reader.probe.close();
});
