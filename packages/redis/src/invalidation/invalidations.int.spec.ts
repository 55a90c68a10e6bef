import { randomUUID } from 'node:crypto';
import { RecordingListener } from '@quantumtrade/dal-conformance';
import { until } from '@quantumtrade/dal-testing';
import { TcpFaultProxy } from '@quantumtrade/dal-testing/proxies';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import type { RedisSettings } from '../settings.js';
import { closeAll, connect, openSockets } from '../testing/connected.js';
import { Mirror } from '../testing/mirror.js';

let server: RedisProcess;
/** Client outside the adapter. */
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

async function connectListener(settings: Partial<RedisSettings> = {}) {
  const backend = connect({ url: server.url, keyPrefix, ...settings });
  const listener = new RecordingListener();
  const stop = backend.invalidations.listen(listener);
  await listener.until('(connected)');
  return { backend, listener, stop };
}

/** Returns the ids of the server's clients without the foreign one, divided into subscribers and others. */
async function listClients(): Promise<{ subscribers: string[]; others: string[] }> {
  const own = await foreign.client('ID');
  const lines = String(await foreign.client('LIST'))
    .trim()
    .split('\n');
  const found = lines.map((line) => ({
    id: /id=(\d+)/.exec(line)![1]!,
    isSubscribed: / sub=[1-9]/.test(line),
  }));
  const idsOf = (isSubscribed: boolean) =>
    found
      .filter((client) => client.isSubscribed === isSubscribed && client.id !== String(own))
      .map(({ id }) => id);
  return { subscribers: idsOf(true), others: idsOf(false) };
}

it.each<[string, (key: string) => Promise<unknown>]>([
  ['SET', (key) => foreign.set(key, '1')],
  ['MSET', (key) => foreign.mset('another', '1', key, '1')],
  ['DEL', (key) => foreign.del(key)],
  ['PEXPIREAT in the past', (key) => foreign.pexpireat(key, 1)],
  ['RENAME', (key) => foreign.rename(key, 'away')],
  ['EVAL', (key) => foreign.eval("return redis.call('SET', KEYS[1], 1)", 1, key)],
  ['MULTI', (key) => foreign.multi().set('another', 1).set(key, 1).exec()],
])('a foreign %s is announced', async (_, change) => {
  const { backend, listener } = await connectListener();
  await backend.cache.set('a,b 株', 1, 60);
  const from = await listener.until('a,b 株');
  await change(`${keyPrefix}a,b 株`);
  await listener.until('a,b 株', from);
  expect(new Set(listener.events)).toEqual(new Set(['(connected)', 'a,b 株']));
});

it.each([
  ['FLUSHALL', () => foreign.flushall()],
  ['FLUSHDB', () => foreign.flushdb()],
])('%s invalidates everything', async (_, flush) => {
  const { listener } = await connectListener();
  await flush();
  await listener.until('(all)');
});

it('an evicted value is announced', async () => {
  const { backend, listener } = await connectListener();
  await backend.cache.set('key', 1, 60);
  const from = await listener.until('key');
  await foreign.config('SET', 'maxmemory-policy', 'allkeys-random');
  await foreign.config('SET', 'maxmemory', '1');
  await expect(foreign.set('too much', '1')).rejects.toThrow('OOM');
  await foreign.config('SET', 'maxmemory', '0');
  await listener.until('key', from);
});

it('only changes under the prefix are announced, without prefix all changes', async () => {
  const { listener } = await connectListener();
  const all = await connectListener({ keyPrefix: '' });
  await foreign.set('another:key', '1');
  await foreign.set(`${keyPrefix}key`, '1');
  await listener.until('key');
  await all.listener.until(`${keyPrefix}key`);
  expect(listener.events).toEqual(['(connected)', 'key']);
  expect(all.listener.events).toEqual(['(connected)', 'another:key', `${keyPrefix}key`]);
});

it('changes in any database are announced to other processes', async () => {
  const { listener } = await connectListener({ database: 3 });
  const writer = connect({ url: `${server.url}/3`, keyPrefix });
  await writer.cache.set('key', 1, 60);
  await listener.until('key');
});

it('the invalidation connection is open only while there is a listener', async () => {
  const before = openSockets();
  const backend = connect({ url: server.url, keyPrefix });
  await backend.probe.ping();
  expect((await listClients()).subscribers).toEqual([]);
  const stops = [1, 2, 3].map(() => backend.invalidations.listen(new RecordingListener()));
  const last = new RecordingListener();
  stops.push(backend.invalidations.listen(last));
  await last.until('(connected)');
  expect((await listClients()).subscribers).toHaveLength(1);
  expect(backend.probe.connectionCount()).toBe(2);
  for (const stop of stops) stop();
  await until(async () => (await listClients()).subscribers.length === 0);
  expect(backend.probe.connectionCount()).toBe(1);
  backend.invalidations.listen(new RecordingListener());
  await backend.probe.close();
  expect(openSockets()).toBe(before);
});

it.each(['subscribers', 'others'] as const)(
  'a killed connection (%s) disconnects the listener until it is reopened',
  async (which) => {
    const { backend, listener } = await connectListener();
    await backend.probe.ping();
    for (const id of (await listClients())[which]) await foreign.call('CLIENT', 'KILL', 'ID', id);
    const from = await listener.until('(disconnected)');
    await listener.until('(connected)', from);
    await foreign.set(`${keyPrefix}key`, '1');
    await listener.until('key', from);
    expect(listener.events).toEqual(['(connected)', '(disconnected)', '(connected)', 'key']);
  },
);

it('the listener is connected again after a server restart', async () => {
  const own = await RedisProcess.start();
  const { listener } = await connectListener({ url: own.url });
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

it('a hanging server disconnects the listener', async () => {
  const own = await RedisProcess.start();
  const { listener } = await connectListener({ url: own.url });
  own.pause();
  const from = await listener.until('(disconnected)');
  own.resume();
  await listener.until('(connected)', from);
  await closeAll();
  await own.kill();
});

it('a hanging invalidation connection disconnects the listener while calls succeed', async () => {
  const proxy = await TcpFaultProxy.start(server.port);
  const { backend, listener } = await connectListener({ url: `redis://${proxy.address}` });
  proxy.connections[1]!.freeze();
  const from = await listener.until('(disconnected)');
  await backend.probe.ping();
  await listener.until('(connected)', from);
  await closeAll();
  await proxy.enter('closed');
});

it('the documented permissions suffice to listen', async () => {
  const permissions = ['+client|id', '+client|tracking', '+subscribe', '+ping', '+info'];
  await foreign.acl(
    'SETUSER',
    'listener',
    'on',
    '>pw',
    'resetchannels',
    '&__redis__:invalidate',
    ...permissions,
  );
  const { listener } = await connectListener({ username: 'listener', password: 'pw' });
  await foreign.set(`${keyPrefix}key`, '1');
  await listener.until('key');
});

it('without permission to track the listener stays disconnected with a reason', async () => {
  await foreign.acl('SETUSER', 'blind', 'on', '>pw', '~*', '&*', '+@all', '-client|tracking');
  const backend = connect({ url: server.url, keyPrefix, username: 'blind', password: 'pw' });
  const listener = new RecordingListener();
  backend.invalidations.listen(listener);
  const refusals = async () => ((await foreign.acl('LOG')) as unknown[][]).flat().filter(isTrackingRefusal);
  const isTrackingRefusal = (word: unknown) => word === 'client|tracking';
  await foreign.acl('LOG', 'RESET');
  for (let i = 0; i < 2; i++) {
    await until(async () => (await refusals()).length > 0);
    await foreign.acl('LOG', 'RESET');
  }
  await backend.cache.set('key', 1, 60);
  expect(listener.events).toEqual([]);
  expect(backend.invalidations.disconnectedReason!()).toBe('the server answered NOPERM');
  await foreign.acl('SETUSER', 'blind', '+client|tracking');
  await listener.until('(connected)');
  expect(backend.invalidations.disconnectedReason!()).toBeUndefined();
});

it('the disconnection reason is reported while the server is gone', async () => {
  const own = await RedisProcess.start();
  const { backend, listener } = await connectListener({ url: own.url });
  await own.kill();
  await listener.until('(disconnected)');
  expect(backend.invalidations.disconnectedReason!()).toBe('the connection was lost');
  await own.start();
  await listener.until('(connected)', 2);
  expect(backend.invalidations.disconnectedReason!()).toBeUndefined();
  await closeAll();
  await own.kill();
});

it('invalidation none never connects a listener', async () => {
  const backend = connect({ url: server.url, keyPrefix, invalidation: 'none' });
  const listener = new RecordingListener();
  backend.invalidations.listen(listener);
  await backend.cache.set('key', 1, 60);
  expect(backend.probe.connectionCount()).toBe(1);
  expect((await listClients()).subscribers).toEqual([]);
  expect(backend.invalidations.disconnectedReason!()).toContain('settings');
  await backend.probe.close();
  expect(listener.events).toEqual([]);
});

it('a mirror holds no stale value after its connections are killed', async () => {
  const backend = connect({ url: server.url, keyPrefix });
  const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`);
  const write = (n: number) => Promise.all(keys.map((key) => foreign.set(keyPrefix + key, n, 'EX', 600)));
  await write(0);
  const mirror = new Mirror(backend, keys);
  for (let round = 1; round <= 60; round++) {
    await mirror.holds(keys.length);
    const { subscribers, others } = await listClients();
    const victims = [subscribers, others, [...subscribers, ...others]][round % 3]!;
    const killed = victims.map((id) => foreign.call('CLIENT', 'KILL', 'ID', id));
    await Promise.all([...killed, write(round)]);
    await mirror.settled(() => foreign.set(`${keyPrefix}marker`, round));
    const stale = [...mirror.values].filter(([, n]) => n !== round);
    expect({ round, stale }).toEqual({ round, stale: [] });
  }
  await mirror.stop();
});
