import { promisify } from 'node:util';
import redisMock from 'redis-mock';
import type { RedisCommands, RunCommand, Script } from './commands.js';
import { deleteOne, getWithTtl, getWithTtlOrSet, RedisCache, setIfSame } from '../cache/redis-cache.js';
import { RedisRateLimiter, slidingWindow } from '../rate-limiter/redis-rate-limiter.js';
import { timedWrite } from '../cache/timed-write-script.js';

type Sent = [script: Script, key: string, args: readonly (string | number)[]];

/** The adapter's commands over redis-mock, which runs no scripts: what they are called with is kept instead. */
function mockedRedis(answer: unknown = 1) {
  const client = redisMock.createClient();
  /** A command of the mock as a promise; its callback API has many forms, the one used is named by the caller. */
  const bound = <F extends (...args: never[]) => Promise<unknown>>(command: (...args: never[]) => unknown) =>
    promisify(command.bind(client) as () => void) as unknown as F;
  const evaluated: Sent[] = [];
  const redis: RedisCommands = {
    get: bound<RedisCommands['get']>(client.get),
    set: bound<RedisCommands['set']>(client.set),
    mget: bound<RedisCommands['mget']>(client.mget),
    ask: async <T>(script: Script, keys: readonly string[]) => {
      evaluated.push([script, keys.join(), []]);
      return answer as T[];
    },
    del: bound<RedisCommands['del']>(client.del),
    setAll: async (writes) => {
      for (const { key, text, ttlMs } of writes) await redis.set(key, text, 'PX', ttlMs);
    },
    exists: bound<RedisCommands['exists']>(client.exists),
    shards: () => Promise.reject(new Error('the mock has none')),
    ping: bound<RedisCommands['ping']>(client.ping),
    publish: bound<RedisCommands['publish']>(client.publish),
    evaluate: async (...sent) => {
      evaluated.push(sent);
      return answer;
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
const anything = { parse: (value: unknown) => value };

it('sets JSON with its life in milliseconds, and gets and tests it', async () => {
  const mock = mockedRedis();
  const cache = new RedisCache(mock.run, clock);
  await cache.set('key', { a: [1] }, 1.5);
  expect(await mock.get('key')).toBe('{"a":[1]}');
  const ttl = await mock.pttl('key');
  expect(ttl > 0 && ttl <= 1_500).toBe(true);
  expect(await cache.get('key', anything)).toEqual({ a: [1] });
  expect(await cache.exists('key')).toBe(true);
  expect(await cache.exists('another')).toBe(false);
  expect(await cache.get('another', anything)).toBeNull();
});

it.each([0, 1])('deletes by a script, which says whether there was a value (%i)', async (answer) => {
  const mock = mockedRedis(answer);
  expect(await new RedisCache(mock.run, clock).delete('key')).toBe(answer === 1);
  expect(mock.evaluated).toEqual([[deleteOne, 'key', []]]);
});

it('sets, gets and deletes many', async () => {
  const mock = mockedRedis();
  const cache = new RedisCache(mock.run, clock);
  await cache.setMany([
    { key: 'a', value: [1], ttlSeconds: 1.5 },
    { key: 'b', value: null, ttlSeconds: 60 },
  ]);
  const ttl = await mock.pttl('a');
  expect(ttl > 0 && ttl <= 1_500).toBe(true);
  expect(await cache.getMany(['b', 'x', 'a'], anything)).toEqual([null, null, [1]]);
  expect(await cache.deleteMany(['a', 'x', 'b'])).toBe(2);
});

it.each([
  ['ends when its remaining life after the question is over', 250, 1_250],
  ['never ends when it has no end', -1, Infinity],
])('says of an entry that it %s', async (_, ttlMs, expiresAt) => {
  const { run, evaluated } = mockedRedis(['[1]', ttlMs]);
  expect(await new RedisCache(run, clock).getEntry('key', anything)).toEqual({ value: [1], expiresAt });
  expect(evaluated).toEqual([[getWithTtl, 'key', []]]);
  expect(await new RedisCache(mockedRedis(null).run, clock).getEntry('key', anything)).toBeNull();
});

it('getEntries is one script, which answers for each key', async () => {
  const { run, evaluated } = mockedRedis([['[1]', 250], null, ['2', -1]]);
  expect(await new RedisCache(run, clock).getEntries(['a', 'b', 'c'], anything)).toEqual([
    { value: [1], expiresAt: 1_250 },
    null,
    { value: 2, expiresAt: Infinity },
  ]);
  expect(evaluated).toEqual([[getWithTtl, 'a,b,c', []]]);
});

it('getEntryOrSet is one script, given what is to be set and its life in milliseconds', async () => {
  const found = mockedRedis(['[1]', 250]);
  const getOrSet = (cache: RedisCache) => cache.getEntryOrSet('key', anything, [2], 1.5);
  expect(await getOrSet(new RedisCache(found.run, clock))).toEqual({ value: [1], expiresAt: 1_250 });
  expect(found.evaluated).toEqual([[getWithTtlOrSet, 'key', ['[2]', 1_500]]]);
  expect(await getOrSet(new RedisCache(mockedRedis(null).run, clock))).toBeNull();
});

it.each([
  ['setIfNewer', 'set'],
  ['replaceIfNewer', 'replace'],
] as const)('%s is one script, and 1 is its yes', async (write, mode) => {
  const value = { timestamp: '2024-01-02T00:00:00.000Z', price: '1.5' };
  const yes = mockedRedis(1);
  expect(await new RedisCache(yes.run, clock)[write]('key', value, 30)).toBe(true);
  expect(yes.evaluated).toEqual([
    [timedWrite, 'key', [JSON.stringify(value), 30_000, value.timestamp, mode]],
  ]);
  expect(await new RedisCache(mockedRedis(0).run, clock)[write]('key', value, 30)).toBe(false);
});

it('setIfUnchanged is one script, given the text expected if there is to be any', async () => {
  const mock = mockedRedis(1);
  const cache = new RedisCache(mock.run, clock);
  expect(await cache.setIfUnchanged('key', undefined, [1], 30)).toBe(true);
  expect(await cache.setIfUnchanged('key', [1], [2], 1.5)).toBe(true);
  expect(mock.evaluated).toEqual([
    [setIfSame, 'key', ['[1]', 30_000]],
    [setIfSame, 'key', ['[2]', 1_500, '[1]']],
  ]);
  expect(await new RedisCache(mockedRedis(0).run, clock).setIfUnchanged('key', [1], [2], 30)).toBe(false);
});

it('counts a request by one script, with a name of its own, and a time only when a clock is given', async () => {
  const request = { userId: 'a:n', endpoint: '/x', limit: 5 };
  const mock = mockedRedis([5, 0]);
  const byServer = new RedisRateLimiter(mock.run, undefined);
  expect(await byServer.consume(request)).toEqual({ allowed: true, count: 5, remaining: 0, retryAfterMs: 0 });
  await new RedisRateLimiter(mock.run, { now: () => 77 }).consume(request);
  const [first, second] = mock.evaluated as [Sent, Sent];
  expect(first).toEqual([slidingWindow, 'rate_limit:a%3An:/x', [60_000, 5, 1, expect.any(String)]]);
  expect(second[2]).toEqual([60_000, 5, 1, expect.any(String), 77]);
  expect(second[2][3]).not.toBe(first[2][3]);
  const refused = new RedisRateLimiter(mockedRedis([7, 250]).run, undefined);
  expect(await refused.consume(request)).toEqual({
    allowed: false,
    count: 7,
    remaining: 0,
    retryAfterMs: 250,
  });
});
