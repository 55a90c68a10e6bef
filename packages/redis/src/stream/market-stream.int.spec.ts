import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MarketStream, MarketStreamItem } from '@quantumtrade/dal-domain';
import { MARKET_STREAM_LENGTH, OLDEST_TICK } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { completeRedisSettings, endpointOf } from '../connection/complete-settings.js';
import { createClients } from '../connection/create-clients.js';
import { Connection } from '../connection/connection.js';
import { RedisMarketStream } from './redis-market-stream.js';
import { closeAll, connect } from '../testing/connected.js';
import { sleep } from '@quantumtrade/dal-runtime';
import { until } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { AppendNotices } from './append-notices.js';
import { streamScripts } from './stream-scripts.js';
import { consecutive, numberedTick, numberedTicks, numbersOf } from '../testing/ticks.js';

type Items = AsyncIterator<MarketStreamItem>;

const SYMBOL = 'AAPL';
const KEY = 'market:AAPL:stream';
const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await closeAll();
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startRedis(...args: string[]): Promise<RedisProcess> {
  const server = await RedisProcess.start(...args);
  cleanUps.push(() => server.kill());
  return server;
}

function administer(url: string): Redis {
  const redis = new Redis(url).on('error', () => undefined);
  cleanUps.push(async () => redis.disconnect());
  return redis;
}

function follow(stream: MarketStream, after: string | undefined = OLDEST_TICK, bufferSize?: number): Items {
  const options = { after: { [SYMBOL]: after }, ...(bufferSize === undefined ? {} : { bufferSize }) };
  const items = stream.subscribe(SYMBOL, options)[Symbol.asyncIterator]();
  cleanUps.push(async () => items.return?.());
  return items;
}

async function take(items: Items, count: number): Promise<MarketStreamItem[]> {
  const taken: MarketStreamItem[] = [];
  while (taken.length < count) taken.push((await items.next()).value as MarketStreamItem);
  return taken;
}

async function takeUntil(items: Items, last: number): Promise<MarketStreamItem[]> {
  const taken: MarketStreamItem[] = [];
  do taken.push(...(await take(items, 1)));
  while (numbersOf(taken.slice(-1))[0] !== last);
  return taken;
}

const succeeds = (stream: MarketStream): Promise<boolean> =>
  stream.recent(SYMBOL, 1).then(
    () => true,
    () => false,
  );

/** Returns the ids in a server's list of connections. */
const connectionIds = (list: unknown): string[] =>
  [...String(list).matchAll(/^id=(\d+)/gm)].map(([, id]) => id!);

it('a subscriber gets every tick once and in order despite cut connections', async () => {
  const { url } = await startRedis();
  const admin = administer(url);
  const step = fc.record({ count: fc.integer({ min: 1, max: 15 }), cut: fc.boolean(), pauseMs: fc.nat(40) });
  const steps = fc.array(step, { minLength: 60, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 50 }), async (steps, bufferSize) => {
      await admin.flushall();
      const producer = connect({ url });
      await producer.probe.ping();
      const spared = connectionIds(await admin.client('LIST'));
      const consumer = connect({ url });
      const total = steps.reduce((sum, { count }) => sum + count, 0);
      const reading = takeUntil(follow(consumer.marketStream, OLDEST_TICK, bufferSize), total - 1);
      let appended = 0;
      for (const { count, cut, pauseMs } of steps) {
        await producer.marketStream.append(SYMBOL, numberedTicks(appended, count));
        appended += count;
        for (const id of connectionIds(await admin.client('LIST'))) {
          if (cut && !spared.includes(id)) await admin.client('KILL', 'ID', id).catch(() => undefined);
        }
        await sleep(pauseMs);
      }
      expect(numbersOf(await reading)).toEqual(consecutive(0, total));
      await Promise.all([producer.probe.close(), consumer.probe.close()]);
    }),
    { numRuns: 3 },
  );
}, 120_000);

it('a slow consumer gets a gap after its full buffer', async () => {
  const { url } = await startRedis();
  const { marketStream } = connect({ url });
  await marketStream.append(SYMBOL, numberedTicks(0, 20));
  const items = follow(marketStream, OLDEST_TICK, 10);
  expect(numbersOf(await take(items, 1))).toEqual([0]);
  for (let first = 20; first < 3_020; first += 500)
    await marketStream.append(SYMBOL, numberedTicks(first, 500));
  const rest = await take(items, 9 + 1 + MARKET_STREAM_LENGTH);
  expect(numbersOf(rest)).toEqual([...consecutive(1, 9), 'gap', ...consecutive(2_020, MARKET_STREAM_LENGTH)]);
});

it('a subscription continues without a gap when data survives a restart', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'redis-stream-'));
  cleanUps.push(() => rm(directory, { recursive: true }));
  const server = await startRedis('--dir', directory, '--appendonly', 'yes', '--appendfsync', 'always');
  const { marketStream } = connect({ url: server.url });
  await marketStream.append(SYMBOL, numberedTicks(0, 5));
  const items = follow(marketStream);
  await take(items, 3);
  await take(items, 2);
  const awaited = take(items, 5);
  for (let restart = 0; restart < 2; restart++) {
    await server.kill();
    await server.start();
    await until(() => succeeds(marketStream));
  }
  await marketStream.append(SYMBOL, numberedTicks(5, 5));
  expect(numbersOf(await awaited)).toEqual(consecutive(5, 5));
});

it('a subscription reports a gap when the server restarts empty', async () => {
  const server = await startRedis();
  const { marketStream } = connect({ url: server.url });
  await marketStream.append(SYMBOL, numberedTicks(0, 5));
  const items = follow(marketStream);
  await take(items, 5);
  const awaited = take(items, 3);
  await server.kill();
  await server.start();
  await until(() => succeeds(marketStream));
  await marketStream.append(SYMBOL, numberedTicks(7, 2));
  expect(numbersOf(await awaited)).toEqual(['gap', 7, 8]);
});

it('a subscription reports a gap when the server lost the last ticks', async () => {
  const { url } = await startRedis();
  const { marketStream } = connect({ url });
  const admin = administer(url);
  await marketStream.append(SYMBOL, numberedTicks(0, 5));
  await admin.copy(KEY, 'before');
  await marketStream.append(SYMBOL, numberedTicks(5, 5));
  const items = follow(marketStream);
  await take(items, 10);
  await admin.copy('before', KEY, 'REPLACE');
  const awaited = take(items, 3);
  await marketStream.append(SYMBOL, numberedTicks(10, 2));
  expect(numbersOf(await awaited)).toEqual(['gap', 10, 11]);
});

it('a new stream with smaller ids is read from its start', async () => {
  const { url } = await startRedis();
  const { marketStream } = connect({ url });
  const admin = administer(url);
  await marketStream.append(SYMBOL, numberedTicks(0, 2));
  const items = follow(marketStream);
  await take(items, 2);
  const [[, [, text]]] = (await admin.xrange(KEY, '-', '+')) as [[string, [string, string]]];
  await admin.del(KEY);
  const awaited = take(items, 3);
  for (const [id, before] of [
    ['1-0', '0-0'],
    ['2-0', '1-0'],
  ]) {
    await admin.xadd(KEY, id!, 'tick', text, 'before', before!, 'born', '1000');
  }
  expect(numbersOf(await awaited)).toEqual(['gap', 0, 0]);
});

it('ticks arrive without permission to publish notices', async () => {
  const { url } = await startRedis();
  const admin = administer(url);
  await admin.acl('SETUSER', 'quiet', 'on', '>pw', '~*', '+@all', 'resetchannels');
  const { marketStream } = connect({ url, username: 'quiet', password: 'pw' });
  const items = follow(marketStream);
  const awaited = take(items, 3);
  for (let number = 0; number < 3; number++) await marketStream.append(SYMBOL, [numberedTick(number)]);
  expect(numbersOf(await awaited)).toEqual(consecutive(0, 3));
});

it('all subscriptions share one additional connection', async () => {
  const { url } = await startRedis();
  const { marketStream, probe } = connect({ url });
  await probe.ping();
  expect(probe.connectionCount()).toBe(1);
  const awaited = consecutive(0, 50).map(() => take(follow(marketStream), 2));
  await marketStream.append(SYMBOL, numberedTicks(0, 1));
  await until(async () => probe.connectionCount() === 2);
  await marketStream.append(SYMBOL, numberedTicks(1, 1));
  for (const items of await Promise.all(awaited)) expect(numbersOf(items)).toEqual([0, 1]);
  expect(probe.connectionCount()).toBe(2);
});

describe('after the stream expired', () => {
  const LIFE_MS = 1_500;

  async function openStream(): Promise<{ marketStream: RedisMarketStream; untilGone: () => Promise<void> }> {
    const { url } = await startRedis();
    const admin = administer(url);
    const clients = createClients(completeRedisSettings({ url }), endpointOf({ url }), streamScripts);
    const connection = new Connection(clients, { commandTimeoutMs: 10_000 });
    const notices = new AppendNotices(clients.master, '', 50);
    cleanUps.push(() => Promise.all([connection.close(), notices.close()]));
    return {
      marketStream: new RedisMarketStream(connection.run, notices, LIFE_MS),
      untilGone: () => until(async () => (await admin.exists(KEY)) === 0),
    };
  }

  it('a waiting subscriber gets the next ticks without a gap', async () => {
    const { marketStream, untilGone } = await openStream();
    const items = follow(marketStream);
    for (const number of [0, 1]) {
      const awaited = take(items, 1);
      await marketStream.append(SYMBOL, [numberedTick(number)]);
      expect(numbersOf(await awaited)).toEqual([number]);
      const next = take(items, 1);
      await untilGone();
      await marketStream.append(SYMBOL, [numberedTick(number + 10)]);
      expect(numbersOf(await next)).toEqual([number + 10]);
    }
  });

  it('a subscriber that was not waiting gets a gap', async () => {
    const { marketStream, untilGone } = await openStream();
    await marketStream.append(SYMBOL, [numberedTick(0)]);
    const items = follow(marketStream);
    await take(items, 1);
    await untilGone();
    await sleep(100);
    expect(numbersOf(await take(items, 1))).toEqual(['gap']);
    const awaited = take(items, 1);
    await marketStream.append(SYMBOL, [numberedTick(1)]);
    expect(numbersOf(await awaited)).toEqual([1]);
  });

  it('a subscriber that had unread ticks gets a gap', async () => {
    const { marketStream, untilGone } = await openStream();
    await marketStream.append(SYMBOL, numberedTicks(0, 2));
    const items = follow(marketStream, OLDEST_TICK, 1);
    await sleep(500);
    expect(numbersOf(await take(items, 1))).toEqual([0]);
    await untilGone();
    expect(numbersOf(await take(items, 1))).toEqual(['gap']);
  });

  it('a subscriber that resumes from a position gets a gap', async () => {
    const { marketStream, untilGone } = await openStream();
    await marketStream.append(SYMBOL, [numberedTick(0)]);
    const [{ position }] = (await take(follow(marketStream), 1)) as [MarketStreamItem];
    await untilGone();
    await marketStream.append(SYMBOL, [numberedTick(1)]);
    const rest = await take(follow(marketStream, position), 2);
    expect(numbersOf(rest)).toEqual(['gap', 1]);
    expect(await take(follow(marketStream, rest[0]!.position), 1)).toEqual([rest[1]]);
  });
});
