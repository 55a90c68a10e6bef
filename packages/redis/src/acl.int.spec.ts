import { anyValue } from '@quantumtrade/dal-domain';
import { rejectionOf, printedForms } from '@quantumtrade/dal-conformance';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { PERMISSIONS } from './testing/acl-rights.js';
import { closeAll, connect } from './testing/connected.js';

const PASSWORD = 's3cr3t-password';

let server: RedisProcess;
beforeAll(async () => {
  server = await RedisProcess.start('--user', 'ann', 'on', `>${PASSWORD}`, '~staging:*', ...PERMISSIONS);
});
afterEach(closeAll);
afterAll(() => server.kill());

const asAnn = (keyPrefix: string) =>
  connect({ url: server.url, username: 'ann', password: PASSWORD, keyPrefix });

it('an ACL user with the documented permissions can make every call', async () => {
  const { cache, rateLimiter, probe } = asAnn('staging:');
  const value = { timestamp: '2024-01-02T00:00:00.000Z' };
  await probe.ping();
  await cache.set('key', value, 60);
  expect(await cache.setIfNewer('key', value, 60)).toBe(true);
  expect(await cache.get('key', anyValue)).toEqual(value);
  expect(await cache.delete('key')).toBe(true);
  await cache.set('key:1', value, 60);
  expect(await cache.deleteWhere('key:{id}', {})).toBe(1);
  expect(await rateLimiter.consume({ userId: 'ann', endpoint: 'bars', limit: 1 })).toMatchObject({
    allowed: true,
  });
});

it('a key without permission fails with CacheError', async () => {
  const error = await rejectionOf(() => asAnn('production:').cache.set('key', PASSWORD, 60));
  expect(error).toMatchObject({ code: 'CACHE', retryable: false });
  expect(printedForms(error)).not.toContain(PASSWORD);
});

it('a wrong user or password fails with ConnectionError', async () => {
  for (const [username, password] of [
    ['bob', PASSWORD],
    ['ann', 's3cr3t-other'],
  ]) {
    const { probe } = connect({ url: server.url, username, password });
    const error = await rejectionOf(() => probe.ping());
    expect(error).toMatchObject({ code: 'CONNECTION', retryable: false });
    expect(printedForms(error)).not.toContain('s3cr3t');
  }
});

describe('login without a password', () => {
  beforeAll(async () => {
    await withAdmin((redis) => redis.call('ACL', 'SETUSER', 'eve', 'on', 'nopass', '~eve:*', '+@all'));
  });

  it('a user without a password is logged in by name', async () => {
    const { cache } = connect({ url: server.url, username: 'eve', keyPrefix: 'eve:' });
    await cache.set('key', 1, 60);
    const other = connect({ url: server.url.replace('//', '//eve@'), keyPrefix: 'ann:' });
    expect(await rejectionOf(() => other.cache.set('key', 1, 60))).toMatchObject({ code: 'CACHE' });
  });

  it('a user without a password is refused when one is required', async () => {
    const { probe } = connect({ url: server.url, username: 'ann' });
    expect(await rejectionOf(() => probe.ping())).toMatchObject({ code: 'CONNECTION', retryable: false });
  });
});

async function withAdmin(act: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(server.url);
  await act(redis);
  await redis.quit();
}
