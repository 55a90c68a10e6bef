import { cacheSuites, errorOf } from '@quantumtrade/dal-conformance';
import { sleep } from '@quantumtrade/dal-runtime';
import { until } from '@quantumtrade/dal-testing';
import { type RedisProcess, SentinelProcesses } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import type { RedisSettings } from './settings.js';
import { callsOf, forgetCalls } from './testing/command-stats.js';
import { anything, closeAll, connect, openSockets } from './testing/connected.js';
import { openCache } from './testing/open-cache.js';
import { report, Witness } from './testing/counter-oracle.js';

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
  cacheSuites(runner, async () => openCache(servers[0]!.redis, settings()));
});

it('fails with ConnectionError, and shows no password, while the Sentinels do not tell who the master is', async () => {
  const strangers = [
    { ...processes.settings, name: 'other' },
    { ...processes.settings, password: 's3cr3t' },
    { ...processes.settings, nodes: [{ host: '127.0.0.1', port: 9 }] },
  ];
  for (const sentinel of strangers) {
    const { probe } = connect(settings({ sentinel, commandTimeoutMs: 600_000 }));
    expect(await errorOf(() => probe.ping())).toMatchObject({
      code: 'CONNECTION',
      retryable: true,
      message: 'Connection failed: no Sentinel answered who the master is',
    });
  }
});

it('sends reads to a replica when told to, and everything else to the master', async () => {
  const [master, ...replicas] = servers;
  const value = { timestamp: '2024-01-02T00:00:00.000Z' };
  for (const readFrom of ['replica', 'replica-preferred'] as const) {
    const { cache, probe } = connect(settings({ readFrom }));
    await cache.exists('key');
    expect(probe.connectionCount()).toBe(2);
    await forgetCalls(servers);
    expect(await cache.setIfNewer('key', value, 60)).toBe(true);
    await until(async () => (await cache.get('key', anything)) !== null);
    expect(await cache.get('key', anything)).toEqual(value);
    expect(await cache.exists('key')).toBe(true);
    expect((await cache.getEntry('key', anything))?.value).toEqual(value);
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

it('reads from the master while no replica is there, when replicas are only preferred', async () => {
  const [preferring, insisting] = (['replica-preferred', 'replica'] as const).map((readFrom) =>
    connect(settings({ readFrom })),
  );
  await preferring!.cache.set('key', 1, 60);
  await insisting!.cache.exists('key');
  const [, ...replicas] = processes.servers;
  await Promise.all(replicas.map((server) => server.kill()));
  await until(async () => preferring!.probe.connectionCount() + insisting!.probe.connectionCount() === 2);
  for (let i = 0; i < 20; i++) expect(await preferring!.cache.get('key', anything)).toBe(1);
  const error = await errorOf(() => insisting!.cache.get('key', anything));
  expect(error).toMatchObject({ code: 'CONNECTION', retryable: true });
  await insisting!.cache.set('key', 2, 60);
  expect(await preferring!.cache.get('key', anything)).toBe(2);
  await Promise.all(replicas.map((server) => server.start()));
  await processes.settled();
});

it('closes without leaving a socket', async () => {
  await sleep(500);
  const before = openSockets();
  const backend = connect(settings({ readFrom: 'replica' }));
  await backend.cache.exists('key');
  expect(openSockets()).toBeGreaterThan(before);
  await backend.probe.close();
  await until(async () => openSockets() <= before);
  expect(await errorOf(() => backend.probe.ping())).toMatchObject({ code: 'CONNECTION', retryable: false });
});

describe('when the master', () => {
  async function lose(takeAway: (master: RedisProcess) => Promise<void> | void): Promise<RedisProcess> {
    const { cache } = connect(settings({ commandTimeoutMs: 600_000 }));
    const witness = new Witness(cache, 'witness');
    await witness.progress(50);
    const master = (await processes.master())!;
    const rest = servers.filter(({ server }) => server !== master && server.isRunning);
    const replicated = witness.acknowledged;
    for (const { redis } of rest) {
      await until(async () => (await witness.lastReplicated(redis)) >= replicated);
    }

    const begin = Date.now();
    await takeAway(master);
    await until(async () => ![master, undefined].includes(await processes.master()));
    const failoverMs = Date.now() - begin;
    await witness.progress(100);
    await witness.stop();
    report('sentinel', failoverMs, witness);

    expect(witness.wrong).toEqual([]);
    for (const n of witness.older) expect(n).toBeGreaterThanOrEqual(replicated);
    expect(witness.failures.length).toBeGreaterThan(0);
    for (const failure of witness.failures) expect(failure).toMatchObject({ retryable: true });
    return master;
  }

  it('is killed, a replica takes over, and calls err only in being retryable', async () => {
    await lose((master) => master.kill());
  });

  it('hangs, a replica takes over, whatever time calls may take', async () => {
    (await lose((master) => master.pause())).resume();
  });
});
