import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { rejectionOf, printedForms } from '@quantumtrade/dal-conformance';
import type { CacheBackend } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import { freePort } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { connectRedis } from './connect-redis.js';
import type { RedisSettings } from './settings.js';

/** Longer than any test may last: what ends before it was ended by something else. */
const NO_TIMEOUT = { connectionTimeoutMs: 600_000, budgetMs: 600_000, commandTimeoutMs: 600_000 };
const SECRET = 's3cr3t-value';
const anything = { parse: (value: unknown) => value };

const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startRedis(...args: string[]): Promise<RedisProcess> {
  const server = await RedisProcess.start(...args);
  cleanUps.push(() => server.kill());
  return server;
}

function connect(settings: RedisSettings): CacheBackend {
  const backend = connectRedis(settings);
  cleanUps.push(() => backend.probe.close());
  return backend;
}

/** Calls until it succeeds; every failure before must be the data layer's. */
async function untilItAnswers({ cache }: CacheBackend): Promise<void> {
  for (;;) {
    try {
      return void (await cache.exists('key'));
    } catch (error) {
      expect(isDatabaseError(error)).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** A server that takes connections and answers nothing. */
async function silentServer(): Promise<{ url: string; connections: Set<Socket> }> {
  const connections = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections.add(socket);
    socket.resume();
    socket.on('error', () => undefined).on('close', () => connections.delete(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(async () => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, connections };
}

const openSockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

it('fails calls at once with ConnectionError when the server is killed, and works again when it is back', async () => {
  const server = await startRedis();
  const { cache, probe } = connect({ url: server.url, ...NO_TIMEOUT });
  await cache.set('key', 1, 60);
  await cache.setIfNewer('timed', { timestamp: '2024-01-02T00:00:00.000Z' }, 60);
  expect(probe.connectionCount()).toBe(1);

  server.pause();
  const inFlight = Array.from({ length: 20 }, () => rejectionOf(() => cache.set('key', SECRET, 60)));
  await new Promise((resolve) => setImmediate(resolve));
  await server.kill();
  for (const error of await Promise.all(inFlight)) expect(error.code).toBe('CONNECTION');
  expect(probe.connectionCount()).toBe(0);
  const error = await rejectionOf(() => cache.set('key', SECRET, 60));
  expect(error).toMatchObject({ code: 'CONNECTION', retryable: true });
  expect(printedForms(error)).not.toContain(SECRET);

  await server.start();
  await untilItAnswers({ cache } as CacheBackend);
  expect(await cache.get('key', anything)).toBeNull();
  expect(await cache.setIfNewer('timed', { timestamp: '2024-01-01T00:00:00.000Z' }, 60)).toBe(true);
  await probe.ping();
});

it('ends calls without a deadline within their budget while the server hangs', async () => {
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
    () => cache.get('key', anything),
    () => cache.set('key', SECRET, 60),
    () => cache.getMany(['a', 'b'], anything),
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

it('ends calls to a hung server with TimeoutError, at the deadline or at the limit of a command', async () => {
  const server = await startRedis();
  const { cache, probe } = connect({ url: server.url, commandTimeoutMs: 300 });
  await probe.ping();
  server.pause();
  const byLimit = await rejectionOf(() => cache.set('key', SECRET, 60));
  expect(byLimit).toMatchObject({ code: 'TIMEOUT', operation: 'cache.set', retryable: true });
  expect(printedForms(byLimit)).not.toContain(SECRET);
  server.resume();
  await untilItAnswers({ cache } as CacheBackend);
});

it('keeps the deadline of a call that is shorter than the limit of a command', async () => {
  const server = await startRedis();
  const { cache, probe } = connect({ url: server.url, ...NO_TIMEOUT });
  await probe.ping();
  server.pause();
  const error = await rejectionOf(() => cache.get('key', anything, { deadline: Date.now() + 50 }));
  expect(error).toMatchObject({ code: 'TIMEOUT', operation: 'cache.get' });
  const controller = new AbortController();
  const aborted = cache.get('key', anything, { signal: controller.signal });
  controller.abort('not needed');
  await expect(aborted).rejects.toBe('not needed');
  server.resume();
  await untilItAnswers({ cache } as CacheBackend);
});

it('keeps writes in the order they were made, also one that was given up while the server hung', async () => {
  const server = await startRedis();
  const { cache, probe } = connect({ url: server.url, ...NO_TIMEOUT });
  await probe.ping();
  server.pause();
  const earlier = Array.from({ length: 100 }, (_, i) => ({
    key: `key-${i}`,
    value: 'earlier'.padEnd(20_000),
    ttlSeconds: 60,
  }));
  const error = await rejectionOf(() => cache.setMany(earlier, { deadline: Date.now() + 50 }));
  expect(error.code).toBe('TIMEOUT');
  const written = cache.set('key-99', 'later', 60);
  server.resume();
  await written;
  for (let i = 0; i < 500; i++) await probe.ping();
  expect(await cache.get('key-0', anything)).toMatch('earlier');
  expect(await cache.get('key-99', anything)).toBe('later');
});

it('gives up a connection whose reply is overdue even when every caller had a shorter deadline', async () => {
  const server = await startRedis();
  const backend = connect({ url: server.url, commandTimeoutMs: 200 });
  await backend.probe.ping();
  server.pause();
  await rejectionOf(() => backend.cache.get('key', anything, { deadline: Date.now() + 20 }));
  while (backend.probe.connectionCount() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  server.resume();
  await untilItAnswers(backend);
});

it('leaves a call that is too long its connection, for the others to be answered', async () => {
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

it('fails with ConnectionError when nothing listens, and connects once something does', async () => {
  const server = await startRedis();
  await server.kill();
  const backend = connect({ url: server.url, ...NO_TIMEOUT });
  const failures = await Promise.all(
    Array.from({ length: 50 }, () => rejectionOf(() => backend.probe.ping())),
  );
  for (const error of failures) {
    expect(error).toMatchObject({
      code: 'CONNECTION',
      retryable: true,
      message: 'Connection failed: ECONNREFUSED',
    });
  }
  await server.start();
  await untilItAnswers(backend);
});

it('waits for a server that does not answer the greeting no longer than the deadline', async () => {
  const { url } = await silentServer();
  const { cache } = connect({ url, ...NO_TIMEOUT });
  const calls = [
    () => cache.get('key', anything, { deadline: Date.now() + 50 }),
    () => cache.set('key', 1, 60, { deadline: Date.now() + 50 }),
  ];
  for (const call of calls) expect((await rejectionOf(call)).code).toBe('TIMEOUT');
  const controller = new AbortController();
  const aborted = cache.exists('key', { signal: controller.signal });
  controller.abort('not needed');
  await expect(aborted).rejects.toBe('not needed');
});

it('does not run a call later whose caller has gone while it waited for the connection', async () => {
  const server = await startRedis();
  server.pause();
  const backend = connect({ url: server.url, ...NO_TIMEOUT });
  const late = await rejectionOf(() => backend.cache.set('key', 1, 60, { deadline: Date.now() + 50 }));
  expect(late.code).toBe('TIMEOUT');
  server.resume();
  await backend.probe.ping();
  expect(await backend.cache.exists('key')).toBe(false);
});

it('fails with ConnectionError that shows no password when the login is refused', async () => {
  const server = await startRedis('--requirepass', 'right');
  const wrong = { url: server.url, password: 's3cr3t-password' };
  const inUrl = { url: server.url.replace('//', '//:s3cr3t-password@') };
  for (const settings of [wrong, inUrl, { url: server.url }]) {
    const { cache, probe } = connect({ ...settings, ...NO_TIMEOUT });
    for (const call of [() => probe.ping(), () => cache.set('key', SECRET, 60)]) {
      const error = await rejectionOf(call);
      expect(error).toMatchObject({ code: 'CONNECTION', retryable: false });
      expect(printedForms(error)).not.toContain('s3cr3t');
      expect(error.message).toMatch(/WRONGPASS|NOAUTH/);
    }
  }
  const { probe } = connect({ url: server.url, password: 'right', ...NO_TIMEOUT });
  await probe.ping();
});

it('fails every call rather than use another database than the one asked for', async () => {
  const server = await startRedis('--databases', '4');
  const wrong = connect({ url: server.url, database: 7, ...NO_TIMEOUT });
  for (let i = 0; i < 3; i++) {
    const error = await rejectionOf(() => wrong.cache.set('key', 1, 60));
    expect(error).toMatchObject({ code: 'CONNECTION', retryable: false });
  }
  const zero = connect({ url: server.url, ...NO_TIMEOUT });
  const three = connect({ url: `${server.url}/3`, ...NO_TIMEOUT });
  await three.cache.set('key', 1, 60);
  expect(await zero.cache.exists('key')).toBe(false);
  expect(await three.cache.exists('key')).toBe(true);
});

it('closes without hanging or leaving a socket, whatever the server does', async () => {
  const before = openSockets();
  const server = await startRedis();
  const silent = await silentServer();
  const nobody = `redis://127.0.0.1:${await freePort()}`;

  const healthy = connectRedis({ url: server.url, ...NO_TIMEOUT });
  await healthy.probe.ping();
  await healthy.probe.close();

  const refused = connectRedis({ url: nobody, ...NO_TIMEOUT });
  await rejectionOf(() => refused.probe.ping());
  await refused.probe.close();

  for (const url of [server.url, silent.url, nobody])
    await connectRedis({ url, ...NO_TIMEOUT }).probe.close();

  const greeting = connectRedis({ url: silent.url, ...NO_TIMEOUT });
  while (silent.connections.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const waiting = rejectionOf(() => greeting.probe.ping());
  await greeting.probe.close();
  expect(await waiting).toMatchObject({ code: 'CONNECTION', retryable: false });

  const hung = connectRedis({ url: server.url, ...NO_TIMEOUT });
  await hung.probe.ping();
  server.pause();
  const overdue = rejectionOf(() => hung.probe.ping());
  await hung.probe.close();
  expect((await overdue).code).toBe('CONNECTION');
  server.resume();

  for (const { probe } of [healthy, refused, greeting, hung]) {
    expect(await rejectionOf(() => probe.ping())).toMatchObject({ code: 'CONNECTION', retryable: false });
    expect(probe.connectionCount()).toBe(0);
  }
  while (silent.connections.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(openSockets()).toBe(before);
});

it('answers what was asked before it was closed', async () => {
  const server = await startRedis();
  const { cache, probe } = connect({ url: server.url, ...NO_TIMEOUT });
  const long = 'x'.repeat(8_000);
  await cache.set('key', long, 60);
  const asked = Array.from({ length: 400 }, () => cache.get('key', anything));
  const closed = probe.close();
  for (const answer of await Promise.all(asked)) expect(answer === long).toBe(true);
  await closed;
});
