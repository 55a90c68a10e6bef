import { anyValue } from '@quantumtrade/dal-domain';
import { rejectionOf, printedForms } from '@quantumtrade/dal-conformance';
import { closeAll, connect, NO_TIMEOUT, untilAnswered } from '../testing/connected.js';
import { killServers, startRedis } from '../testing/started-servers.js';

const SECRET = 's3cr3t-value';

afterEach(async () => {
  await closeAll();
  await killServers();
});

it('calls fail immediately when the server dies, and succeed after its restart', async () => {
  const server = await startRedis();
  const backend = connect({ url: server.url, ...NO_TIMEOUT });
  const { cache, probe } = backend;
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
  await untilAnswered(backend);
  expect(await cache.get('key', anyValue)).toBeNull();
  expect(await cache.setIfNewer('timed', { timestamp: '2024-01-01T00:00:00.000Z' }, 60)).toBe(true);
  await probe.ping();
});

it('calls fail while nothing listens, and succeed once a server starts', async () => {
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
      message: `Connection failed: ECONNREFUSED at ${new URL(server.url).host}`,
    });
  }
  await server.start();
  await untilAnswered(backend);
});

it('a refused login fails with ConnectionError without the password', async () => {
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

it('calls fail when the configured database does not exist', async () => {
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
