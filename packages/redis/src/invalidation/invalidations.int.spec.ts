import { randomUUID } from 'node:crypto';
import { HearingListener } from '@quantumtrade/dal-conformance';
import { until } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import type { RedisSettings } from '../settings.js';
import { closeAll, connect, openSockets } from '../testing/connected.js';
import { FreezingProxy } from '../testing/freezing-proxy.js';
import { Mirror } from '../testing/mirror.js';

let server: RedisProcess;
/** A client that the adapter knows nothing of. */
let foreign: Redis;
let keyPrefix: string;

beforeAll(async () => {
  server = await RedisProcess.start();
  foreign = new Redis(server.url);
  foreign.on('error', () => undefined);
});

afterAll(async () => {
  foreign.disconnect();
  await server.kill();
});

beforeEach(() => {
  keyPrefix = `${randomUUID()}:`;
});

afterEach(closeAll);

async function listening(settings: Partial<RedisSettings> = {}) {
  const backend = connect({ url: server.url, keyPrefix, ...settings });
  const listener = new HearingListener();
  const stop = backend.invalidations.listen(listener);
  await listener.until('(connected)');
  return { backend, listener, stop };
}

/** The numbers of the clients that the server has besides the administrator, those that listen first. */
async function clients(): Promise<{ listening: string[]; others: string[] }> {
  const own = await foreign.client('ID');
  const lines = String(await foreign.client('LIST'))
    .trim()
    .split('\n');
  const found = lines.map((line) => ({ id: /id=(\d+)/.exec(line)![1]!, listens: / sub=[1-9]/.test(line) }));
  const idsOf = (listens: boolean) =>
    found.filter((client) => client.listens === listens && client.id !== String(own)).map(({ id }) => id);
  return { listening: idsOf(true), others: idsOf(false) };
}

it.each<[string, (key: string) => Promise<unknown>]>([
  ['SET', (key) => foreign.set(key, '1')],
  ['MSET', (key) => foreign.mset('another', '1', key, '1')],
  ['DEL', (key) => foreign.del(key)],
  ['an end set to the past', (key) => foreign.pexpireat(key, 1)],
  ['RENAME', (key) => foreign.rename(key, 'away')],
  ['a script', (key) => foreign.eval("return redis.call('SET', KEYS[1], 1)", 1, key)],
  ['a transaction', (key) => foreign.multi().set('another', 1).set(key, 1).exec()],
])('tells of %s by a foreign client', async (_, change) => {
  const { backend, listener } = await listening();
  await backend.cache.set('a,b 株', 1, 60);
  const from = await listener.until('a,b 株');
  await change(`${keyPrefix}a,b 株`);
  await listener.until('a,b 株', from);
  expect(new Set(listener.heard)).toEqual(new Set(['(connected)', 'a,b 株']));
});

it.each([
  ['FLUSHALL', () => foreign.flushall()],
  ['FLUSHDB', () => foreign.flushdb()],
])('tells that everything may have changed after %s', async (_, flush) => {
  const { listener } = await listening();
  await flush();
  await listener.until('(all)');
});

it('tells of values that the server evicts', async () => {
  const { backend, listener } = await listening();
  await backend.cache.set('key', 1, 60);
  const from = await listener.until('key');
  await foreign.config('SET', 'maxmemory-policy', 'allkeys-random');
  await foreign.config('SET', 'maxmemory', '1');
  await expect(foreign.set('too much', '1')).rejects.toThrow('OOM');
  await foreign.config('SET', 'maxmemory', '0');
  await listener.until('key', from);
});

it('tells of nothing that has another prefix, and of all without one', async () => {
  const { listener } = await listening();
  const all = await listening({ keyPrefix: '' });
  await foreign.set('another:key', '1');
  await foreign.set(`${keyPrefix}key`, '1');
  await listener.until('key');
  await all.listener.until(`${keyPrefix}key`);
  expect(listener.heard).toEqual(['(connected)', 'key']);
  expect(all.listener.heard).toEqual(['(connected)', 'another:key', `${keyPrefix}key`]);
});

it('tells another process, in whichever database the values are', async () => {
  const { listener } = await listening({ database: 3 });
  const writer = connect({ url: `${server.url}/3`, keyPrefix });
  await writer.cache.set('key', 1, 60);
  await listener.until('key');
});

it('has no connection of its own but while somebody listens', async () => {
  const before = openSockets();
  const backend = connect({ url: server.url, keyPrefix });
  await backend.probe.ping();
  expect((await clients()).listening).toEqual([]);
  const stops = [1, 2, 3].map(() => backend.invalidations.listen(new HearingListener()));
  const last = new HearingListener();
  stops.push(backend.invalidations.listen(last));
  await last.until('(connected)');
  expect((await clients()).listening).toHaveLength(1);
  expect(backend.probe.connectionCount()).toBe(2);
  for (const stop of stops) stop();
  await until(async () => (await clients()).listening.length === 0);
  expect(backend.probe.connectionCount()).toBe(1);
  backend.invalidations.listen(new HearingListener());
  await backend.probe.close();
  expect(openSockets()).toBe(before);
});

it.each(['listening', 'others'] as const)(
  'says that it is disconnected when its connection is killed (%s), and tells of changes after it is back',
  async (which) => {
    const { backend, listener } = await listening();
    await backend.probe.ping();
    for (const id of (await clients())[which]) await foreign.call('CLIENT', 'KILL', 'ID', id);
    const from = await listener.until('(disconnected)');
    await listener.until('(connected)', from);
    await foreign.set(`${keyPrefix}key`, '1');
    await listener.until('key', from);
    expect(listener.heard).toEqual(['(connected)', '(disconnected)', '(connected)', 'key']);
  },
);

it('listens again after the server was restarted', async () => {
  const own = await RedisProcess.start();
  const { listener } = await listening({ url: own.url });
  await own.kill();
  const from = await listener.until('(disconnected)');
  await own.start();
  await listener.until('(connected)', from);
  const writer = connect({ url: own.url, keyPrefix });
  await writer.cache.set('key', 1, 60);
  await listener.until('key', from);
  await closeAll();
  await own.kill();
});

it('notices a server that hangs', async () => {
  const own = await RedisProcess.start();
  const { listener } = await listening({ url: own.url });
  own.pause();
  const from = await listener.until('(disconnected)');
  own.resume();
  await listener.until('(connected)', from);
  await closeAll();
  await own.kill();
});

it('notices that only its own connection hangs, while calls are answered', async () => {
  const proxy = await FreezingProxy.before(server.port);
  const { backend, listener } = await listening({ url: proxy.url });
  proxy.freeze(proxy.connections[1]!);
  const from = await listener.until('(disconnected)');
  await backend.probe.ping();
  await listener.until('(connected)', from);
  await closeAll();
  proxy.stop();
});

it('needs few rights to listen', async () => {
  const rights = ['+client|id', '+client|tracking', '+subscribe', '+ping', '+info'];
  await foreign.acl('SETUSER', 'ear', 'on', '>pw', 'resetchannels', '&__redis__:invalidate', ...rights);
  const { listener } = await listening({ username: 'ear', password: 'pw' });
  await foreign.set(`${keyPrefix}key`, '1');
  await listener.until('key');
});

it('stays disconnected where the user may not track, says why, and works otherwise', async () => {
  await foreign.acl('SETUSER', 'blind', 'on', '>pw', '~*', '&*', '+@all', '-client|tracking');
  const backend = connect({ url: server.url, keyPrefix, username: 'blind', password: 'pw' });
  const listener = new HearingListener();
  backend.invalidations.listen(listener);
  const refusals = async () => ((await foreign.acl('LOG')) as unknown[][]).flat().filter(isTrackingRefusal);
  const isTrackingRefusal = (word: unknown) => word === 'client|tracking';
  await foreign.acl('LOG', 'RESET');
  for (let i = 0; i < 2; i++) {
    await until(async () => (await refusals()).length > 0);
    await foreign.acl('LOG', 'RESET');
  }
  await backend.cache.set('key', 1, 60);
  expect(listener.heard).toEqual([]);
  expect(backend.invalidations.trouble!()).toBe('the server answered NOPERM');
  await foreign.acl('SETUSER', 'blind', '+client|tracking');
  await listener.until('(connected)');
  expect(backend.invalidations.trouble!()).toBeUndefined();
});

it('says why it is disconnected while the server is gone', async () => {
  const own = await RedisProcess.start();
  const { backend, listener } = await listening({ url: own.url });
  await own.kill();
  await listener.until('(disconnected)');
  expect(backend.invalidations.trouble!()).toBe('the connection was lost');
  await own.start();
  await listener.until('(connected)', 2);
  expect(backend.invalidations.trouble!()).toBeUndefined();
  await closeAll();
  await own.kill();
});

it('is never connected when it shall not listen', async () => {
  const backend = connect({ url: server.url, keyPrefix, invalidation: 'none' });
  const listener = new HearingListener();
  backend.invalidations.listen(listener);
  await backend.cache.set('key', 1, 60);
  expect(backend.probe.connectionCount()).toBe(1);
  expect((await clients()).listening).toEqual([]);
  expect(backend.invalidations.trouble!()).toContain('settings');
  await backend.probe.close();
  expect(listener.heard).toEqual([]);
});

it('leaves no stale value in a mirror whose connections are killed while foreign clients write', async () => {
  const backend = connect({ url: server.url, keyPrefix });
  const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`);
  const write = (n: number) => Promise.all(keys.map((key) => foreign.set(keyPrefix + key, n, 'EX', 600)));
  await write(0);
  const mirror = new Mirror(backend, keys);
  for (let round = 1; round <= 60; round++) {
    await mirror.holds(keys.length);
    const { listening, others } = await clients();
    const victims = [listening, others, [...listening, ...others]][round % 3]!;
    const killed = victims.map((id) => foreign.call('CLIENT', 'KILL', 'ID', id));
    await Promise.all([...killed, write(round)]);
    await mirror.settled(() => foreign.set(`${keyPrefix}marker`, round));
    const stale = [...mirror.values].filter(([, n]) => n !== round);
    expect({ round, stale }).toEqual({ round, stale: [] });
  }
  await mirror.stop();
});
