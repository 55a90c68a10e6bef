import { anyValue } from '@quantumtrade/dal-domain';
import { rejectionOf, printedForms } from '@quantumtrade/dal-conformance';
import { closeAll, connect, NO_TIMEOUT, untilAnswered } from '../testing/connected.js';
import { sleep } from '@quantumtrade/dal-runtime';
import { killServers, startRedis, startSilentServer } from '../testing/started-servers.js';

const SECRET = 's3cr3t-value';

afterEach(async () => {
  await closeAll();
  await killServers();
});

it('calls without a deadline end within their budget while the server hangs', async () => {
  const server = await startRedis();
  const { cache, rateLimiter, marketStream, probe } = connect({
    url: server.url,
    ...NO_TIMEOUT,
    budgetMs: 100,
  });
  await probe.ping();
  server.pause();
  const request = { userId: 'ann', endpoint: '/orders', limit: 5 };
  const calls = [
    () => cache.get('key', anyValue),
    () => cache.set('key', SECRET, 60),
    () => cache.getMany(['a', 'b'], anyValue),
    () => cache.setMany([{ key: 'key', value: 1, ttlSeconds: 60 }]),
    () => cache.delete('key'),
    () => rateLimiter.consume(request),
    () => marketStream.recent('AAPL', 1),
  ];
  const errors = await Promise.all(calls.map((call) => rejectionOf(call)));
  expect(errors.map(({ code, retryable }) => [code, retryable])).toEqual(calls.map(() => ['TIMEOUT', true]));
  const decisions = (['allow', 'deny'] as const).map((onUnavailable) =>
    rateLimiter.consume({ ...request, onUnavailable }),
  );
  expect((await Promise.all(decisions)).map(({ allowed }) => allowed)).toEqual([true, false]);
  server.resume();
  const later = Date.now() + 600_000;
  expect(await cache.set('key', 1, 60, { deadline: later })).toBeUndefined();
});

it('calls to a hung server are suspended until it answers again', async () => {
  const server = await startRedis();
  const backend = connect({ url: server.url, ...NO_TIMEOUT, budgetMs: 100 });
  const read = () => backend.cache.get('key', anyValue);
  await backend.probe.ping();
  server.pause();
  const late = await Promise.all(Array.from({ length: 10 }, () => rejectionOf(read)));
  expect(late.map(({ code }) => code)).toEqual(late.map(() => 'TIMEOUT'));
  const suspended = await rejectionOf(read);
  expect(suspended).toMatchObject({ code: 'CONNECTION', retryable: true });
  expect(suspended.message).toMatch('calls are suspended, because the server did not answer in time');
  expect(suspended.retryAfterMs).toBeGreaterThan(0);
  const probe = backend.probe.ping();
  server.resume();
  await probe;
  await untilAnswered(backend);
  expect(await read()).toBeNull();
});

it('calls that are left early suspend no others', async () => {
  const server = await startRedis();
  const { cache, probe } = connect({ url: server.url, ...NO_TIMEOUT });
  await probe.ping();
  server.pause();
  const read = () => cache.get('key', anyValue, { deadline: Date.now() + 20 });
  for (let i = 0; i < 2; i++) {
    const left = await Promise.all(Array.from({ length: 20 }, () => rejectionOf(read)));
    expect(left.map(({ code }) => code)).toEqual(left.map(() => 'TIMEOUT'));
  }
  server.resume();
});

it('a call to a hung server times out at the command timeout', async () => {
  const server = await startRedis();
  const backend = connect({ url: server.url, commandTimeoutMs: 300 });
  const { cache, probe } = backend;
  await probe.ping();
  server.pause();
  const byLimit = await rejectionOf(() => cache.set('key', SECRET, 60));
  expect(byLimit).toMatchObject({ code: 'TIMEOUT', operation: 'cache.set', retryable: true });
  expect(printedForms(byLimit)).not.toContain(SECRET);
  server.resume();
  await untilAnswered(backend);
});

it('a call to a hung server ends at its deadline', async () => {
  const server = await startRedis();
  const backend = connect({ url: server.url, ...NO_TIMEOUT });
  const { cache, probe } = backend;
  await probe.ping();
  server.pause();
  const error = await rejectionOf(() => cache.get('key', anyValue, { deadline: Date.now() + 50 }));
  expect(error).toMatchObject({ code: 'TIMEOUT', operation: 'cache.get' });
  const controller = new AbortController();
  const aborted = cache.get('key', anyValue, { signal: controller.signal });
  controller.abort('not needed');
  await expect(aborted).rejects.toBe('not needed');
  server.resume();
  await untilAnswered(backend);
});

it('writes stay in call order, including one abandoned while the server hung', async () => {
  const server = await startRedis();
  const { cache, probe } = connect({ url: server.url, ...NO_TIMEOUT });
  await probe.ping();
  server.pause();
  const earlier = Array.from({ length: 100 }, (_, i) => ({
    key: `key-${i}`,
    value: 'earlier'.padEnd(20_000),
    ttlSeconds: 60,
  }));
  const error = await rejectionOf(() => cache.setMany(earlier, { deadline: Date.now() + 300 }));
  expect(error.code).toBe('TIMEOUT');
  const written = cache.set('key-99', 'later', 60);
  server.resume();
  await written;
  for (let i = 0; i < 500; i++) await probe.ping();
  expect(await cache.get('key-0', anyValue)).toMatch('earlier');
  expect(await cache.get('key-99', anyValue)).toBe('later');
});

it('an overdue reply closes the connection even if every caller has left', async () => {
  const server = await startRedis();
  const backend = connect({ url: server.url, commandTimeoutMs: 200 });
  await backend.probe.ping();
  server.pause();
  await rejectionOf(() => backend.cache.get('key', anyValue, { deadline: Date.now() + 20 }));
  while (backend.probe.connectionCount() > 0) await sleep(20);
  server.resume();
  await untilAnswered(backend);
});

it('a long call keeps the connection, and other calls are answered', async () => {
  const server = await startRedis();
  const { cache, probe } = connect({ url: server.url, commandTimeoutMs: 100 });
  await probe.ping();
  const entries = Array.from({ length: 100_000 }, (_, i) => ({ key: `key-${i}`, value: i, ttlSeconds: 60 }));
  const long = rejectionOf(() => cache.setMany(entries));
  for (let isOver = false; !isOver;) {
    const next = cache.exists('key');
    isOver = await Promise.race([long.then(() => true), next.then(() => false)]);
    await next;
  }
  expect(await long).toMatchObject({ code: 'TIMEOUT', operation: 'cache.setMany' });
  for (let i = 0; i < 20; i++) await cache.exists('key');
});

it('calls stop waiting for the handshake at their deadline or abort', async () => {
  const { url } = await startSilentServer();
  const { cache } = connect({ url, ...NO_TIMEOUT });
  const calls = [
    () => cache.get('key', anyValue, { deadline: Date.now() + 50 }),
    () => cache.set('key', 1, 60, { deadline: Date.now() + 50 }),
  ];
  for (const call of calls) expect((await rejectionOf(call)).code).toBe('TIMEOUT');
  const controller = new AbortController();
  const aborted = cache.exists('key', { signal: controller.signal });
  controller.abort('not needed');
  await expect(aborted).rejects.toBe('not needed');
});

it('a call abandoned before the connection opens is never sent', async () => {
  const server = await startRedis();
  server.pause();
  const backend = connect({ url: server.url, ...NO_TIMEOUT });
  const late = await rejectionOf(() => backend.cache.set('key', 1, 60, { deadline: Date.now() + 50 }));
  expect(late.code).toBe('TIMEOUT');
  server.resume();
  await backend.probe.ping();
  expect(await backend.cache.exists('key')).toBe(false);
});
