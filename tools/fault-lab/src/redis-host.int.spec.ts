import { Redis } from 'ioredis';
import { REDIS_FAULTS } from './faulty-host.js';
import { RedisHost } from './redis-host.js';

const PATIENCE_MS = 500;

let host: RedisHost;
beforeAll(async () => {
  host = await RedisHost.start();
});
afterAll(() => host.stop());

/** Writes to the host as its clients do. Returns `OK`, or the beginning of the error. */
async function write(): Promise<string | undefined> {
  const client = new Redis(host.url, {
    commandTimeout: PATIENCE_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  client.on('error', () => undefined);
  try {
    return await client.set('key', 'value');
  } catch (error) {
    return (error as Error).message.split(' ')[0];
  } finally {
    client.disconnect();
  }
}

it.each(REDIS_FAULTS)('%s of a Redis is felt by clients until it is healed', async (fault) => {
  expect(await write()).toBe('OK');
  await host.suffer(fault);
  const isLate = fault === 'pause' || fault === 'silence' || fault === 'slow';
  expect(await write()).toBe(isLate ? 'Command' : fault === 'demote' ? 'READONLY' : 'Connection');
  await host.heal();
  expect(await write()).toBe('OK');
});
