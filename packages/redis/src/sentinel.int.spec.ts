import { anyValue } from '@quantumtrade/dal-domain';
import { cacheConnectionSuites, rejectionOf } from '@quantumtrade/dal-conformance';
import { Redis } from 'ioredis';
import type { RedisSettings } from './settings.js';
import { callsOf, resetCalls } from './testing/command-stats.js';
import { closeAll, connect, expectNoSocketAfterClose } from './testing/connected.js';
import { openCache } from './testing/open-cache.js';
import { suitesOfMode } from './testing/suites-of-mode.js';
import type { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { TestSecret, until } from '@quantumtrade/dal-testing';
import { SentinelProcesses } from '@quantumtrade/dal-testing/redis';
import { CounterOracle, reportFailover } from './testing/counter-oracle.js';

const runner = { describe, it, beforeAll, afterAll, beforeEach, expect };
let processes: SentinelProcesses;
let servers: readonly { readonly server: RedisProcess; readonly redis: Redis }[];

beforeAll(async () => {
  processes = await SentinelProcesses.start();
  servers = processes.servers.map((server) => ({ server, redis: new Redis(server.port, '127.0.0.1') }));
  for (const { redis } of servers) redis.on('error', () => undefined);
});
afterEach(closeAll);
afterAll(async () => {
  for (const { redis } of servers) redis.disconnect();
  await processes.stop();
});

const settings = (more: Partial<RedisSettings> = {}) => ({
  url: 'redis://127.0.0.1:9',
  sentinel: processes.settings,
  ...more,
});

describe('a master found through Sentinels', () => {
  for (const suites of suitesOfMode(cacheConnectionSuites)) {
    suites(runner, async () => openCache(servers[0]!.redis, settings()));
  }
});

it('calls fail with ConnectionError while no Sentinel names the master', async () => {
  const misconfigured = [
    { ...processes.settings, name: 'other' },
    { ...processes.settings, password: 's3cr3t' },
    { ...processes.settings, nodes: [{ host: '127.0.0.1', port: 9 }] },
  ];
  for (const sentinel of misconfigured) {
    const { probe } = connect(settings({ sentinel, commandTimeoutMs: 600_000 }));
    expect(await rejectionOf(() => probe.ping())).toMatchObject({
      code: 'CONNECTION',
      retryable: true,
      message: 'Connection failed: no Sentinel named the master',
    });
  }
});

it('a password that the Sentinels refuse is renewed', async () => {
  const password = new TestSecret('s3cr3t');
  password.next = processes.settings.password;
  const { probe } = connect(settings({ sentinel: { ...processes.settings, password } }));
  await probe.ping();
  expect(password.refused).toContain('s3cr3t');
});

it('readFrom sends reads to a replica and everything else to the master', async () => {
  const [master, ...replicas] = servers;
  const value = { timestamp: '2024-01-02T00:00:00.000Z' };
  for (const readFrom of ['replica', 'replica-preferred'] as const) {
    const { cache, probe } = connect(settings({ readFrom }));
    await cache.exists('key');
    expect(probe.connectionCount()).toBe(2);
    await resetCalls(servers);
    expect(await cache.setIfNewer('key', value, 60)).toBe(true);
    await until(async () => (await cache.get('key', anyValue)) !== null);
    expect(await cache.get('key', anyValue)).toEqual(value);
    expect(await cache.exists('key')).toBe(true);
    expect((await cache.getEntry('key', anyValue))?.value).toEqual(value);
    expect(await cache.delete('key')).toBe(true);
    expect(await callsOf(master!.redis, 'exists')).toBe(0);
    expect(await callsOf(master!.redis, 'eval', 'evalsha')).toBeGreaterThan(0);
    const onReplicas = await Promise.all(
      replicas.map(async ({ redis }) => [
        await callsOf(redis, 'exists'),
        await callsOf(redis, 'eval', 'evalsha'),
      ]),
    );
    expect(onReplicas.toSorted()).toEqual([
      [0, 0],
      [1, 1],
    ]);
  }
});

it('replica-preferred reads from the master while no replica runs', async () => {
  const [preferred, required] = (['replica-preferred', 'replica'] as const).map((readFrom) =>
    connect(settings({ readFrom })),
  );
  await preferred!.cache.set('key', 1, 60);
  await required!.cache.exists('key');
  const [, ...replicas] = processes.servers;
  await Promise.all(replicas.map((server) => server.kill()));
  await until(async () => preferred!.probe.connectionCount() + required!.probe.connectionCount() === 2);
  for (let i = 0; i < 20; i++) expect(await preferred!.cache.get('key', anyValue)).toBe(1);
  const error = await rejectionOf(() => required!.cache.get('key', anyValue));
  expect(error).toMatchObject({ code: 'CONNECTION', retryable: true });
  await required!.cache.set('key', 2, 60);
  expect(await preferred!.cache.get('key', anyValue)).toBe(2);
  await Promise.all(replicas.map((server) => server.start()));
  await processes.settled();
});

it('close leaves no socket open', () =>
  expectNoSocketAfterClose(settings({ readFrom: 'replica' }), ({ cache }) => cache.exists('key')));

describe('failover', () => {
  async function loseMaster(remove: (master: RedisProcess) => Promise<void> | void): Promise<RedisProcess> {
    const { cache } = connect(settings({ commandTimeoutMs: 600_000 }));
    const oracle = new CounterOracle(cache, 'counter');
    await oracle.progress(50);
    const master = (await processes.master())!;
    const rest = servers.filter(({ server }) => server !== master && server.isRunning);
    const replicated = oracle.acknowledged;
    for (const { redis } of rest) {
      await until(async () => (await oracle.lastReplicated(redis)) >= replicated);
    }

    const begin = Date.now();
    await remove(master);
    await until(async () => ![master, undefined].includes(await processes.master()));
    const failoverMs = Date.now() - begin;
    await oracle.progress(100);
    await oracle.stop();
    reportFailover('sentinel', failoverMs, oracle);

    expect(oracle.wrong).toEqual([]);
    for (const n of oracle.older) expect(n).toBeGreaterThanOrEqual(replicated);
    expect(oracle.failures.length).toBeGreaterThan(0);
    for (const failure of oracle.failures) expect(failure).toMatchObject({ retryable: true });
    return master;
  }

  it('a killed master causes only retryable failures', async () => {
    await loseMaster((master) => master.kill());
  });

  it('a hanging master is replaced even if calls may wait forever', async () => {
    (await loseMaster((master) => master.pause())).resume();
  });
});
