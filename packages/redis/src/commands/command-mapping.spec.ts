import { anyValue } from '@quantumtrade/dal-domain';
import { promisify } from 'node:util';
import redisMock from 'redis-mock';
import { deleteKey, getEntry, getEntryOrSet, setIfUnchanged, writeIfNewer } from '../cache/cache-scripts.js';
import { RedisCache } from '../cache/redis-cache.js';
import { RedisRateLimiter, slidingWindow } from '../rate-limiter/redis-rate-limiter.js';
import type { RedisCommands, RunCommand } from './redis-commands.js';
import type { Script } from './scripts.js';

type Sent = [script: Script, key: string, args: readonly (string | number)[]];

/** Creates the adapter's commands over redis-mock. It runs no scripts, so their calls are recorded and answered with `reply`. */
function createMock(reply: unknown = 1) {
  const client = redisMock.createClient();
  /** Promisifies a command of the mock. Its callback API has many forms; the type parameter selects one. */
  const bound = <F extends (...args: never[]) => Promise<unknown>>(command: (...args: never[]) => unknown) =>
    promisify(command.bind(client) as () => void) as unknown as F;
  const evaluated: Sent[] = [];
  const redis: RedisCommands = {
    get: bound<RedisCommands['get']>(client.get),
    set: bound<RedisCommands['set']>(client.set),
    mget: bound<RedisCommands['mget']>(client.mget),
    evaluateMany: async <T>(script: Script, keys: readonly string[]) => {
      evaluated.push([script, keys.join(), []]);
      return reply as T[];
    },
    del: bound<RedisCommands['del']>(client.del),
    setMany: async (writes) => {
      for (const { key, text, ttlMs } of writes) await redis.set(key, text, 'PX', ttlMs);
    },
    exists: bound<RedisCommands['exists']>(client.exists),
    shards: () => Promise.reject(new Error('the mock has no shards')),
    ping: bound<RedisCommands['ping']>(client.ping),
    publish: bound<RedisCommands['publish']>(client.publish),
    evaluate: async (...sent) => {
      evaluated.push(sent);
      return reply;
    },
  };
  const run: RunCommand = (_operation, _options, command) => command(redis, () => false);
  return {
    run,
    evaluated,
    pttl: bound<(key: string) => Promise<number>>(client.pttl),
    get: redis.get,
  };
}

const clock = { now: () => 1_000 };

it('set stores JSON with its time to live in milliseconds', async () => {
  const mock = createMock();
  const cache = new RedisCache(mock.run, clock);
  await cache.set('key', { a: [1] }, 1.5);
  expect(await mock.get('key')).toBe('{"a":[1]}');
  const ttl = await mock.pttl('key');
  expect(ttl > 0 && ttl <= 1_500).toBe(true);
  expect(await cache.get('key', anyValue)).toEqual({ a: [1] });
  expect(await cache.exists('key')).toBe(true);
  expect(await cache.exists('another')).toBe(false);
  expect(await cache.get('another', anyValue)).toBeNull();
});

it.each([0, 1])('delete runs a script that returns the number of deleted values (%i)', async (reply) => {
  const mock = createMock(reply);
  expect(await new RedisCache(mock.run, clock).delete('key')).toBe(reply === 1);
  expect(mock.evaluated).toEqual([[deleteKey, 'key', []]]);
});

it('setMany, getMany and deleteMany pass all keys', async () => {
  const mock = createMock();
  const cache = new RedisCache(mock.run, clock);
  await cache.setMany([
    { key: 'a', value: [1], ttlSeconds: 1.5 },
    { key: 'b', value: null, ttlSeconds: 60 },
  ]);
  const ttl = await mock.pttl('a');
  expect(ttl > 0 && ttl <= 1_500).toBe(true);
  expect(await cache.getMany(['b', 'x', 'a'], anyValue)).toEqual([null, null, [1]]);
  expect(await cache.deleteMany(['a', 'x', 'b'])).toBe(2);
});

it.each([
  ['expires after its remaining life, counted from the call', 250, 1_250],
  ['never expires when it has no time to live', -1, Infinity],
])('getEntry returns an entry that %s', async (_, ttlMs, expiresAt) => {
  const { run, evaluated } = createMock(['[1]', ttlMs]);
  expect(await new RedisCache(run, clock).getEntry('key', anyValue)).toEqual({ value: [1], expiresAt });
  expect(evaluated).toEqual([[getEntry, 'key', []]]);
  expect(await new RedisCache(createMock(null).run, clock).getEntry('key', anyValue)).toBeNull();
});

it('getEntries runs one script for all keys', async () => {
  const { run, evaluated } = createMock([['[1]', 250], null, ['2', -1]]);
  expect(await new RedisCache(run, clock).getEntries(['a', 'b', 'c'], anyValue)).toEqual([
    { value: [1], expiresAt: 1_250 },
    null,
    { value: 2, expiresAt: Infinity },
  ]);
  expect(evaluated).toEqual([[getEntry, 'a,b,c', []]]);
});

it('getEntryOrSet runs one script with the value and its time to live', async () => {
  const found = createMock(['[1]', 250]);
  const getOrSet = (cache: RedisCache) => cache.getEntryOrSet('key', anyValue, [2], 1.5);
  expect(await getOrSet(new RedisCache(found.run, clock))).toEqual({ value: [1], expiresAt: 1_250 });
  expect(found.evaluated).toEqual([[getEntryOrSet, 'key', ['[2]', 1_500]]]);
  expect(await getOrSet(new RedisCache(createMock(null).run, clock))).toBeNull();
});

it.each([
  ['setIfNewer', 'set'],
  ['replaceIfNewer', 'replace'],
] as const)('%s runs one script, and returns true when it returns 1', async (write, mode) => {
  const value = { timestamp: '2024-01-02T00:00:00.000Z', price: '1.5' };
  const written = createMock(1);
  expect(await new RedisCache(written.run, clock)[write]('key', value, 30)).toBe(true);
  expect(written.evaluated).toEqual([
    [writeIfNewer, 'key', [JSON.stringify(value), 30_000, value.timestamp, mode]],
  ]);
  expect(await new RedisCache(createMock(0).run, clock)[write]('key', value, 30)).toBe(false);
});

it('setIfUnchanged runs one script with the expected text, if there is one', async () => {
  const mock = createMock(1);
  const cache = new RedisCache(mock.run, clock);
  expect(await cache.setIfUnchanged('key', undefined, [1], 30)).toBe(true);
  expect(await cache.setIfUnchanged('key', [1], [2], 1.5)).toBe(true);
  expect(mock.evaluated).toEqual([
    [setIfUnchanged, 'key', ['[1]', 30_000]],
    [setIfUnchanged, 'key', ['[2]', 1_500, '[1]']],
  ]);
  expect(await new RedisCache(createMock(0).run, clock).setIfUnchanged('key', [1], [2], 30)).toBe(false);
});

it('consume runs one script with a unique request name', async () => {
  const request = { userId: 'a:n', endpoint: '/x', limit: 5 };
  const mock = createMock([5, 0]);
  const byServer = new RedisRateLimiter(mock.run, undefined);
  expect(await byServer.consume(request)).toEqual({ allowed: true, count: 5, remaining: 0, retryAfterMs: 0 });
  await new RedisRateLimiter(mock.run, { now: () => 77 }).consume(request);
  const [first, second] = mock.evaluated as [Sent, Sent];
  expect(first).toEqual([slidingWindow, 'rate_limit:a%3An:/x', [60_000, 5, 1, expect.any(String)]]);
  expect(second[2]).toEqual([60_000, 5, 1, expect.any(String), 77]);
  expect(second[2][3]).not.toBe(first[2][3]);
  const refused = new RedisRateLimiter(createMock([7, 250]).run, undefined);
  expect(await refused.consume(request)).toEqual({
    allowed: false,
    count: 7,
    remaining: 0,
    retryAfterMs: 250,
  });
});
