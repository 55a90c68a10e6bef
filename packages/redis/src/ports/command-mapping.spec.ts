import { promisify } from 'node:util';
import type { MarketData } from '@quantumtrade/dal-domain';
import redisMock from 'redis-mock';
import type { RedisCommands, RunCommand, Script } from '../client/commands.js';
import { RedisCache } from './redis-cache.js';
import { appendToList, RedisMarketStream } from './redis-market-stream.js';
import { RedisRateLimiter, slidingWindow } from './redis-rate-limiter.js';
import { timedWrite } from './timed-write-script.js';

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
    del: bound<RedisCommands['del']>(client.del),
    exists: bound<RedisCommands['exists']>(client.exists),
    lrange: bound<RedisCommands['lrange']>(client.lrange),
    ping: bound<RedisCommands['ping']>(client.ping),
    evaluate: async (...sent) => {
      evaluated.push(sent);
      return answer;
    },
  };
  const run: RunCommand = (_operation, _options, command) => command(redis);
  return {
    run,
    evaluated,
    pttl: bound<(key: string) => Promise<number>>(client.pttl),
    rpush: bound<(key: string, ...entries: string[]) => Promise<number>>(client.rpush),
    get: redis.get,
  };
}

const anything = { parse: (value: unknown) => value };

const tick: MarketData<true> = {
  symbol: 'A:B',
  timestamp: new Date(0),
  open: '1',
  high: '1',
  low: '1',
  close: '1',
  volume: 1n,
  adjustedClose: '1',
  source: 'test',
  qualityScore: 1,
};

it('sets JSON with its life in milliseconds, and gets, tests and deletes it', async () => {
  const mock = mockedRedis();
  const cache = new RedisCache(mock.run);
  await cache.set('key', { a: [1] }, 1.5);
  expect(await mock.get('key')).toBe('{"a":[1]}');
  const ttl = await mock.pttl('key');
  expect(ttl > 0 && ttl <= 1_500).toBe(true);
  expect(await cache.get('key', anything)).toEqual({ a: [1] });
  expect(await cache.exists('key')).toBe(true);
  expect(await cache.delete('key')).toBe(true);
  expect(await cache.delete('key')).toBe(false);
  expect(await cache.exists('key')).toBe(false);
  expect(await cache.get('key', anything)).toBeNull();
});

it.each([
  ['setIfNewer', 'set'],
  ['replaceIfNewer', 'replace'],
] as const)('%s is one script, and 1 is its yes', async (write, mode) => {
  const value = { timestamp: '2024-01-02T00:00:00.000Z', price: '1.5' };
  const yes = mockedRedis(1);
  expect(await new RedisCache(yes.run)[write]('key', value, 30)).toBe(true);
  expect(yes.evaluated).toEqual([
    [timedWrite, 'key', [JSON.stringify(value), 30_000, value.timestamp, mode]],
  ]);
  expect(await new RedisCache(mockedRedis(0).run)[write]('key', value, 30)).toBe(false);
});

it('appends ticks by one script, and none by no command', async () => {
  const { run, evaluated } = mockedRedis();
  const stream = new RedisMarketStream(run);
  await stream.append('A:B', []);
  expect(evaluated).toEqual([]);
  await stream.append('A:B', [tick, { ...tick, close: '2' }]);
  const [[script, key, [length, ttlMs, ...entries]]] = evaluated as [Sent];
  expect([script, key, length, ttlMs]).toEqual([appendToList, 'market:A%3AB:stream', 1_000, 30_000]);
  expect(entries.map((entry) => (JSON.parse(String(entry)) as { close: string }).close)).toEqual(['1', '2']);
});

it('sends no more ticks than the stream keeps', async () => {
  const { run, evaluated } = mockedRedis();
  const ticks = Array.from({ length: 1_005 }, (_, i) => ({ ...tick, close: String(i) }));
  await new RedisMarketStream(run).append('A:B', ticks);
  const [[, , [, , first, ...others]]] = evaluated as [Sent];
  expect(JSON.parse(String(first))).toMatchObject({ close: '5' });
  expect(others).toHaveLength(999);
});

it('reads the end of the list', async () => {
  const { run, rpush } = mockedRedis();
  const stream = new RedisMarketStream(run);
  const entry = (close: string) =>
    JSON.stringify({ ...tick, volume: '1', timestamp: tick.timestamp.toISOString(), close });
  await rpush('market:A%3AB:stream', entry('1'), entry('2'), entry('3'));
  expect((await stream.recent('A:B', 2)).map(({ close }) => close)).toEqual(['2', '3']);
  expect(await stream.recent('A:B', 0)).toEqual([]);
});

it('counts a request by one script, with a name of its own, and a time only when a clock is given', async () => {
  const request = { userId: 'a:n', endpoint: '/x', limit: 5 };
  const mock = mockedRedis([5, 0]);
  const byServer = new RedisRateLimiter(mock.run, undefined);
  expect(await byServer.consume(request)).toEqual({ allowed: true, count: 5, remaining: 0, retryAfterMs: 0 });
  await new RedisRateLimiter(mock.run, { now: () => 77 }).consume(request);
  const [first, second] = mock.evaluated as [Sent, Sent];
  expect(first).toEqual([slidingWindow, 'rate_limit:a%3An:/x', [60_000, 5, expect.any(String)]]);
  expect(second[2]).toEqual([60_000, 5, expect.any(String), 77]);
  expect(second[2][2]).not.toBe(first[2][2]);
  const refused = new RedisRateLimiter(mockedRedis([7, 250]).run, undefined);
  expect(await refused.consume(request)).toEqual({
    allowed: false,
    count: 7,
    remaining: 0,
    retryAfterMs: 250,
  });
});
