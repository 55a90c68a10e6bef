import { DatabaseAbstraction } from '@quantumtrade/dal';
import type { HealthStatus } from '@quantumtrade/dal-domain';
import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import { connectRedis } from '@quantumtrade/dal-redis';
import { until } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { READ_ONLY_MODES } from './cache/read-only-modes.js';

const SYMBOLS = Array.from({ length: 50 }, (_, i) => `S${i}`);
const BATCH = { source: 'x', records: SYMBOLS.map((symbol) => buildRow('marketData', { symbol })) };
const BOTH_LEVELS = { invalidationsConnected: true, reads: 'made', writes: 'made' };

let server: RedisProcess;
let admin: Redis;
let database: DatabaseAbstraction;
beforeEach(async () => {
  server = await RedisProcess.start();
  admin = new Redis(server.url);
  database = new DatabaseAbstraction({
    timeSeries: memoryTimeSeries(),
    cache: connectRedis({ url: server.url }),
  });
  await database.initializeSchema();
  await database.insertMarketData(BATCH);
});
afterEach(async () => {
  await database.close();
  admin.disconnect();
  await server.kill();
});

/** Reads all symbols. Returns the number of cache hits. */
async function readAll(): Promise<number> {
  const results = await Promise.all(SYMBOLS.map((symbol) => database.getLatestMarketData(symbol, 1)));
  for (const [i, { data }] of results.entries())
    expect(data).toEqual([expect.objectContaining({ symbol: SYMBOLS[i], close: 1 })]);
  return results.filter(({ cacheHit }) => cacheHit).length;
}

/** Returns the health once the cache is connected: a client whose write was refused reconnects. */
async function connectedHealth(): Promise<HealthStatus> {
  let health!: HealthStatus;
  await until(async () => {
    health = await database.health();
    return health.redisHealthy && health.cache.invalidationsConnected;
  });
  return health;
}

/** Returns the error of a call that fails. */
const failureOf = (call: Promise<unknown>): Promise<{ readonly code?: string }> =>
  call.then(
    () => ({}),
    (error: { readonly code?: string }) => error,
  );

it.each(READ_ONLY_MODES)(
  'a server that $name serves reads and reports suspended writes',
  async ({ begin, end }) => {
    // The second level answers before invalidations are connected.
    await connectedHealth();
    await until(async () => (await readAll()) === SYMBOLS.length);
    expect((await connectedHealth()).cache).toEqual(BOTH_LEVELS);
    await begin(admin);
    await until(async () => (await readAll()) === 0);
    // Calls fail with `CONNECTION` while the client looks for a master again.
    await until(async () => (await failureOf(database.cacheSet('key', 1, 60))).code === 'CACHE');
    expect(await failureOf(database.cacheSet('key', 1, 60))).toMatchObject({ retryable: true });
    expect(await connectedHealth()).toMatchObject({
      redisHealthy: true,
      cache: { invalidationsConnected: true, reads: 'made', writes: 'suspended' },
    });
    await end(admin);
    await until(async () => (await readAll()) === SYMBOLS.length);
    expect((await connectedHealth()).cache).toEqual(BOTH_LEVELS);
    await database.cacheSet('key', 1, 60);
  },
);

it('a server that refuses the login is reported, and reads go on', async () => {
  const requirePassword = (password: string) => admin.config('SET', 'requirepass', password);
  await requirePassword('right');
  const timeSeries = memoryTimeSeries();
  await database.close();
  database = new DatabaseAbstraction({
    timeSeries,
    cache: connectRedis({ url: server.url, password: 'wrong' }),
  });
  await timeSeries.marketData.insert(BATCH);
  await until(async () => {
    expect(await readAll()).toBe(0);
    const { cache, redisError } = await database.health();
    return cache.reads === 'suspended' && cache.writes === 'suspended' && /WRONGPASS/.test(redisError ?? '');
  });
  expect((await database.health()).degradedBy).toContain('reads of the cache are suspended');
  await requirePassword('wrong');
  await until(async () => (await readAll()) === SYMBOLS.length);
  await until(async () => (await database.health()).cache.invalidationsConnected);
  expect((await database.health()).cache).toEqual(BOTH_LEVELS);
});
