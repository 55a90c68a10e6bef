import { anyValue, CacheError } from '@quantumtrade/dal-domain';
import { sleep } from '@quantumtrade/dal-runtime';
import { until } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { callsOf, resetCalls } from '../testing/command-stats.js';
import { closeAll, connect } from '../testing/connected.js';

let server: RedisProcess;
let redis: Redis;

beforeAll(async () => {
  server = await RedisProcess.start('--user', 'ann', 'on', '>password', '~own:*', '&*', '+@all');
  redis = new Redis(server.url);
});
beforeEach(() => resetCalls([{ redis }]));
afterEach(async () => {
  await closeAll();
  await redis.flushall();
});
afterAll(async () => {
  redis.disconnect();
  await server.kill();
});

const numbersTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const scriptRuns = () => callsOf(redis, 'eval', 'evalsha');

it('calls of one turn share few commands, and each gets its reply', async () => {
  const { cache } = connect({ url: server.url });
  await redis.mset('7', '"seven"', '77', '"seventy-seven"');
  const answers = await Promise.all(
    numbersTo(120).map((n) => cache.setIfUnchanged(`${n}`, undefined, n, 60)),
  );
  expect(answers).toEqual(numbersTo(120).map((n) => n !== 7 && n !== 77));
  expect(await scriptRuns()).toBe(3);
  const entries = await Promise.all(numbersTo(50).map((n) => cache.getEntry(`${n}`, anyValue)));
  expect(entries.map((entry) => entry?.value)).toEqual(numbersTo(50).map((n) => (n === 7 ? 'seven' : n)));
  expect(await scriptRuns()).toBe(4);
});

it('batches of long arguments are split', async () => {
  const { cache } = connect({ url: server.url });
  const long = 'x'.repeat(40 * 1024);
  await Promise.all(numbersTo(6).map((n) => cache.setIfUnchanged(`${n}`, undefined, long, 60)));
  expect(await scriptRuns()).toBe(3);
});

it('each call of a batch gets its own number of arguments', async () => {
  const { cache } = connect({ url: server.url });
  await cache.set('b', 1, 60);
  const answers = await Promise.all([
    cache.setIfUnchanged('a', undefined, 10, 60),
    cache.setIfUnchanged('b', 1, 20, 60),
    cache.setIfUnchanged('c', undefined, 30, 60),
  ]);
  expect(answers).toEqual([true, true, true]);
  expect(await redis.mget('a', 'b', 'c')).toEqual(['10', '20', '30']);
});

it('each call of a script that is not batchable is one command', async () => {
  const { marketStream } = connect({ url: server.url });
  await Promise.all(numbersTo(10).map((n) => marketStream.recent(`SYM${n}`, 1_000)));
  expect(await scriptRuns()).toBe(10);
});

it('the order of all calls is kept', async () => {
  const { cache } = connect({ url: server.url });
  const answers = await Promise.all([
    cache.setIfUnchanged('key', undefined, 1, 60),
    cache.set('key', 2, 60),
    cache.setIfUnchanged('key', 2, 3, 60),
    cache.getEntryOrSet('key', anyValue, 4, 60),
    cache.delete('key'),
    cache.getEntryOrSet('key', anyValue, 5, 60),
    cache.get('key', anyValue),
  ]);
  expect(answers).toMatchObject([true, undefined, true, { value: 3 }, true, null, 5]);
});

it('a key of another type fails only its own call', async () => {
  const { cache } = connect({ url: server.url });
  await redis.lpush('list', 'no value');
  const outcomes = await Promise.allSettled(
    ['a', 'list', 'b'].map((key) => cache.getEntryOrSet(key, anyValue, key, 60)),
  );
  const reason = { code: 'CACHE', message: expect.stringContaining('WRONGTYPE') as string };
  expect(outcomes).toMatchObject([
    { status: 'fulfilled', value: null },
    { status: 'rejected', reason },
    { status: 'fulfilled', value: null },
  ]);
  expect(await redis.mget('a', 'b')).toEqual(['"a"', '"b"']);
  await expect(cache.getEntries(['a', 'list'], anyValue)).rejects.toThrow(CacheError);
});

it('a key without permission fails only its own call', async () => {
  const { cache } = connect({ url: server.url, username: 'ann', password: 'password' });
  const callAll = () =>
    Promise.allSettled(
      ['own:a', 'foreign', 'own:b'].map((key) => cache.getEntryOrSet(key, anyValue, key, 60)),
    );
  const refused = { status: 'rejected', reason: { code: 'CACHE' } };
  const none = { status: 'fulfilled', value: null };
  expect(await callAll()).toMatchObject([none, refused, none]);
  const some = (value: string) => ({ status: 'fulfilled', value: { value } });
  expect(await callAll()).toMatchObject([some('own:a'), refused, some('own:b')]);
  expect(await redis.exists('foreign')).toBe(0);
});

it('no call is sent again after the connection is lost', async () => {
  const { cache, probe } = connect({ url: server.url });
  await probe.ping();
  await redis.client('PAUSE', 200, 'WRITE');
  const calls = numbersTo(5).map((n) => cache.getEntryOrSet(`lost-${n}`, anyValue, n, 60));
  await sleep(50);
  await redis.client('KILL', 'TYPE', 'NORMAL', 'SKIPME', 'yes');
  const outcomes = await Promise.allSettled(calls);
  expect(outcomes.map(({ status }) => status)).toEqual(calls.map(() => 'rejected'));
  await sleep(300);
  expect(await redis.exists(...numbersTo(5).map((n) => `lost-${n}`))).toBe(0);
});

it('a server that refuses a whole batch is asked once', async () => {
  const { cache, probe } = connect({ url: server.url });
  await probe.ping();
  await redis.config('SET', 'busy-reply-threshold', '1');
  const busy = new Redis(server.url);
  const looping = busy.eval('while true do end', 0).catch(() => undefined);
  await until(() =>
    redis.ping().then(
      () => false,
      () => true,
    ),
  );
  const outcomes = await Promise.allSettled(numbersTo(5).map((n) => cache.getEntry(`${n}`, anyValue)));
  await redis.script('KILL');
  await looping;
  busy.disconnect();
  const reason = { code: 'CACHE', retryable: true };
  expect(outcomes).toMatchObject(outcomes.map(() => ({ status: 'rejected', reason })));
  const refused = (await redis.info('commandstats')).matchAll(/^cmdstat_eval.*rejected_calls=(\d+)/gm);
  expect([...refused].reduce((sum, [, count]) => sum + Number(count), 0)).toBe(1);
});
