import { rejectionOf } from '@quantumtrade/dal-conformance';
import { anyValue } from '@quantumtrade/dal-domain';
import { closeAll, connect, NO_TIMEOUT } from '../testing/connected.js';
import { killServers, startRedis } from '../testing/started-servers.js';

afterEach(async () => {
  await closeAll();
  await killServers();
});

const request = { userId: 'ann', endpoint: '/orders', limit: 5 };

it('calls fail at once while a hung server has too many', async () => {
  const server = await startRedis();
  const { cache, probe, rateLimiter } = connect({ url: server.url, ...NO_TIMEOUT, maxPendingCalls: 50 });
  await probe.ping();
  server.pause();
  const deadline = Date.now() + 50;
  const left = Array.from({ length: 50 }, () => rejectionOf(() => cache.get('key', anyValue, { deadline })));
  for (const { code } of await Promise.all(left)) expect(code).toBe('TIMEOUT');
  for (const call of [() => cache.get('key', anyValue), () => probe.ping()]) {
    expect(await rejectionOf(call)).toMatchObject({
      code: 'CONNECTION',
      retryable: true,
      message: expect.stringContaining('too many calls wait for the server (maxPendingCalls)'),
    });
  }
  expect(await rateLimiter.consume({ ...request, onUnavailable: 'deny' })).toMatchObject({
    allowed: false,
    isUnavailable: true,
  });
  server.resume();
  while ((await probe.ping().catch(() => 'full')) === 'full') await new Promise(setImmediate);
  expect(await cache.get('key', anyValue)).toBeNull();
});

it('values fail at once while a hung server has too many bytes', async () => {
  const server = await startRedis();
  const { cache, probe } = connect({ url: server.url, ...NO_TIMEOUT, maxPendingBytes: 1_000 });
  await probe.ping();
  server.pause();
  const large = cache.set('key', 'x'.repeat(2_000), 60);
  const writes = [
    () => cache.set('key', 1, 60),
    () => cache.setMany([{ key: 'key', value: 1, ttlSeconds: 60 }]),
    () => cache.setIfNewer('key', { timestamp: '2024-01-02T00:00:00.000Z' }, 60),
    () => cache.getEntryOrSet('key', anyValue, 1, 60),
  ];
  for (const write of writes) {
    expect(await rejectionOf(write)).toMatchObject({
      code: 'CONNECTION',
      retryable: true,
      message: expect.stringContaining('maxPendingBytes'),
    });
  }
  const read = cache.exists('other');
  server.resume();
  await large;
  expect(await read).toBe(false);
  await cache.set('key', 1, 60);
});

it.each([
  ['allow', undefined, true],
  ['deny', undefined, false],
  ['allow', 'deny', false],
  ['deny', 'allow', true],
] as const)(
  'rate limiter set to %s decides on a request with %s',
  async (rateLimitFallback, own, allowed) => {
    const server = await startRedis();
    const { probe, rateLimiter } = connect({ url: server.url, budgetMs: 50, rateLimitFallback });
    await probe.ping();
    server.pause();
    const decision = await rateLimiter.consume({ ...request, ...(own && { onUnavailable: own }) });
    expect(decision).toMatchObject({ allowed, isUnavailable: true });
    const rejected = await rejectionOf(() => rateLimiter.consume({ ...request, onUnavailable: 'reject' }));
    expect(rejected.code).toBe('TIMEOUT');
    server.resume();
  },
);
