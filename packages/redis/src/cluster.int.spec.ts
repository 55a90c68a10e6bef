import { anyValue } from '@quantumtrade/dal-domain';
import { cacheSuites, rejectionOf } from '@quantumtrade/dal-conformance';
import { closeAll, connect, expectNoSocketAfterClose, untilAnswered } from './testing/connected.js';
import { openCache } from './testing/open-cache.js';
import { CLUSTER_PERMISSIONS, PERMISSIONS } from './testing/acl-rights.js';
import { callsOf, resetCalls } from './testing/command-stats.js';
import { RedisClusterProcesses } from '@quantumtrade/dal-testing/redis';
import { TestSecret, until } from '@quantumtrade/dal-testing';
import { type RedisProcess } from '@quantumtrade/dal-testing/redis';
import { CounterOracle, reportFailover } from './testing/counter-oracle.js';

const runner = { describe, it, beforeAll, afterAll, beforeEach, expect };

let cluster: RedisClusterProcesses;
beforeAll(async () => {
  cluster = await RedisClusterProcesses.start(3, 1);
});
afterAll(() => cluster.stop());
afterEach(closeAll);

describe('three masters with a replica each', () => {
  cacheSuites(runner, async () => openCache(cluster.client, cluster.settings));
});

it('a reachable seed node suffices to find the cluster', async () => {
  const nodes = [cluster.masters[2]!.server.address];
  const settings = { ...cluster.settings.cluster, nodes };
  const { probe } = connect({ url: 'redis://127.0.0.1:9', cluster: settings });
  await probe.ping();
});

it('an ACL user with the documented permissions can make every call', async () => {
  const rights = ['on', '>password', '~staging:*', ...PERMISSIONS, ...CLUSTER_PERMISSIONS];
  for (const { redis } of cluster.nodes) await redis.acl('SETUSER', 'ann', ...rights);
  for (const readFrom of ['master', 'replica'] as const) {
    const login = { username: 'ann', password: 'password', keyPrefix: 'staging:', readFrom };
    const { cache } = connect({ ...cluster.settings, ...login });
    for (let i = 0; i < 20; i++) {
      await cache.set(`key-${i}`, i, 60);
      await until(async () => (await cache.get(`key-${i}`, anyValue)) === i);
    }
    expect(await cache.deleteWhere('key-{i}', {})).toBe(20);
  }
  for (const command of ['ASKING', 'READWRITE']) {
    expect(String(await cluster.nodes[0]!.redis.call('ACL', 'DRYRUN', 'ann', command))).toBe('OK');
  }
});

it('a password that the nodes refuse is renewed', async () => {
  const onAllNodes = (...command: string[]) =>
    Promise.all(cluster.nodes.map(({ redis }) => redis.call(command[0]!, ...command.slice(1))));
  const rights = ['on', '>one', '~*', ...PERMISSIONS, ...CLUSTER_PERMISSIONS];
  await onAllNodes('ACL', 'SETUSER', 'bob', ...rights);
  const password = new TestSecret('one');
  const backend = connect({ ...cluster.settings, username: 'bob', password });
  await backend.cache.set('key', 1, 60);
  await onAllNodes('ACL', 'SETUSER', 'bob', 'resetpass', '>two');
  password.next = 'two';
  await onAllNodes('CLIENT', 'KILL', 'USER', 'bob');
  await untilAnswered(backend);
  expect(password.refused).toContain('one');
});

it('readFrom sends reads to replicas and everything else to masters', async () => {
  const keys = await Promise.all(cluster.masters.map((master) => cluster.keyOn(master, 'read:')));
  const value = { timestamp: '2024-01-02T00:00:00.000Z' };
  for (const readFrom of ['replica', 'replica-preferred'] as const) {
    const { cache } = connect({ ...cluster.settings, readFrom });
    const read = (key: string) => cache.get(key, anyValue);
    await resetCalls(cluster.nodes);
    for (const [i, { redis }] of cluster.replicas.entries()) {
      await until(async () => (await read(keys[i]!), (await callsOf(redis, 'get')) > 0));
    }
    await resetCalls(cluster.nodes);
    for (const key of keys) {
      expect(await cache.setIfNewer(key, value, 60)).toBe(true);
      await until(async () => (await read(key)) !== null);
      expect(await read(key)).toEqual(value);
      expect(await cache.exists(key)).toBe(true);
      expect(await cache.delete(key)).toBe(true);
    }
    for (const { redis } of cluster.masters) {
      expect([await callsOf(redis, 'exists'), await callsOf(redis, 'eval', 'evalsha')]).toEqual([0, 2]);
    }
    for (const { redis } of cluster.replicas) {
      expect([await callsOf(redis, 'exists'), await callsOf(redis, 'eval', 'evalsha')]).toEqual([1, 0]);
    }
  }
});

it('replica-preferred reads from the master when the replica is gone', async () => {
  const [replica] = cluster.replicas;
  const key = await cluster.keyOn(cluster.masters[0]!, 'gone:');
  const { cache, probe } = connect({ ...cluster.settings, readFrom: 'replica-preferred' });
  await cache.set(key, 1, 60);
  await resetCalls(cluster.nodes);
  await until(async () => (await cache.exists(key), (await callsOf(replica!.redis, 'exists')) > 0));
  const connections = probe.connectionCount();
  await replica!.server.kill();
  await until(async () => probe.connectionCount() < connections);
  for (let i = 0; i < 50; i++) expect(await cache.get(key, anyValue)).toBe(1);
  await replica!.server.start();
  await cluster.settled();
});

it('reads see earlier writes while slots move', async () => {
  const [from, to] = cluster.masters;
  const tag = await cluster.keyOn(from!, 'moving:');
  const slot = await from!.redis.cluster('KEYSLOT', tag);
  const oracles = Array.from({ length: 10 }, (_, i) => {
    const { cache } = connect(cluster.settings);
    return new CounterOracle(cache, `{${tag}}:${i}`);
  });
  for (let round = 0; round < 2; round++) {
    await Promise.all(oracles.map((oracle) => oracle.progress(10)));
    await cluster.moveSlot(slot, from!, to!);
    await Promise.all(oracles.map((oracle) => oracle.progress(10)));
    await cluster.moveSlot(slot, to!, from!);
  }
  await Promise.all(oracles.map((oracle) => oracle.stop()));
  for (const { wrong, older, failures } of oracles) {
    expect({ wrong, older }).toEqual({ wrong: [], older: [] });
    for (const failure of failures) expect(failure).toMatchObject({ retryable: true });
  }
});

it('keys of a slot divided between two masters are read and deleted', async () => {
  const [from, to] = cluster.masters;
  const tag = await cluster.keyOn(from!, 'halves:');
  const slot = await from!.redis.cluster('KEYSLOT', tag);
  const { cache } = connect(cluster.settings);
  const keys = Array.from({ length: 20 }, (_, i) => `{${tag}}:${i}`);
  await cache.setMany(keys.map((key, value) => ({ key, value, ttlSeconds: 60 })));
  await to!.redis.cluster('SETSLOT', slot, 'IMPORTING', from!.id);
  await from!.redis.cluster('SETSLOT', slot, 'MIGRATING', to!.id);
  const { host, port } = to!.server.address;
  for (const key of keys.slice(0, 10)) await from!.redis.call('MIGRATE', host, port, key, 0, 5_000);
  expect(await cache.getMany(keys, anyValue)).toEqual(keys.map((_, value) => value));
  expect((await cache.getEntries(keys, anyValue)).map((entry) => entry?.value)).toEqual(
    keys.map((_, value) => value),
  );
  expect(await cache.deleteMany(keys)).toBe(20);
  await cluster.moveSlot(slot, from!, to!);
  await cluster.moveSlot(slot, to!, from!);
});

it('close leaves no socket open', () =>
  expectNoSocketAfterClose({ ...cluster.settings, readFrom: 'replica-preferred' }, async ({ cache }) => {
    for (let i = 0; i < 20; i++) await cache.exists(`key-${i}`);
  }));

describe('failover', () => {
  /** Removes a master and checks the callers of its shard and of another one. */
  async function loseMaster(
    shard: number,
    remove: (master: RedisProcess) => Promise<void> | void,
  ): Promise<void> {
    const [victim, replica] = [cluster.masters[shard]!, cluster.replicas[shard]!];
    const { cache } = connect({ ...cluster.settings, commandTimeoutMs: 1_500 });
    const affected = new CounterOracle(cache, await cluster.keyOn(victim, 'affected:'));
    const spared = new CounterOracle(cache, await cluster.keyOn(cluster.masters[2]!, 'spared:'));
    await Promise.all([affected.progress(50), spared.progress(50)]);
    const replicated = affected.acknowledged;
    await until(async () => (await affected.lastReplicated(replica.redis)) >= replicated);

    const begin = Date.now();
    await remove(victim.server);
    await until(async () => String((await replica.redis.role())[0]) === 'master');
    const failoverMs = Date.now() - begin;
    await Promise.all([affected.progress(100), spared.progress(10)]);
    await Promise.all([affected.stop(), spared.stop()]);
    reportFailover('cluster', failoverMs, affected);

    expect([affected.wrong, spared.wrong, spared.older, spared.failures]).toEqual([[], [], [], []]);
    for (const n of affected.older) expect(n).toBeGreaterThanOrEqual(replicated);
    expect(affected.failures.length).toBeGreaterThan(0);
    for (const failure of affected.failures) expect(failure).toMatchObject({ retryable: true });
  }

  it('a killed master causes only retryable failures', () => loseMaster(0, (master) => master.kill()));

  it('a hanging master causes only retryable failures', async () => {
    await loseMaster(1, (master) => master.pause());
    cluster.masters[1]!.server.resume();
  });
});

it('calls in flight when a node dies are not sent twice', async () => {
  const two = await RedisClusterProcesses.start(2, 0);
  try {
    const [victim] = two.masters;
    const [, userId, endpoint] = (await two.keyOn(victim!, 'rate_limit:ann:')).split(':');
    const request = { userId: userId!, endpoint: endpoint!, limit: 100 };
    const settings = { ...two.settings.cluster, maxRedirections: 1_000, retryDelayMs: 20 };
    const { rateLimiter } = connect({ ...two.settings, cluster: settings });
    expect((await rateLimiter.consume(request)).remaining).toBe(99);

    victim!.server.pause();
    const inFlight = Array.from({ length: 10 }, () => rejectionOf(() => rateLimiter.consume(request)));
    await new Promise((resolve) => setImmediate(resolve));
    await victim!.server.kill();
    for (const error of await Promise.all(inFlight)) {
      expect(error).toMatchObject({ code: 'CONNECTION', retryable: true });
    }
    await victim!.server.start();
    await two.settled();
    expect((await rateLimiter.consume(request)).remaining).toBe(99);
  } finally {
    await closeAll();
    await two.stop();
  }
});
