import { anyValue } from '@quantumtrade/dal-domain';
import { rejectionOf } from '@quantumtrade/dal-conformance';
import type { Cache } from '@quantumtrade/dal-domain';
import { until } from '@quantumtrade/dal-testing';
import { type ClusterNode, RedisClusterProcesses, RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { closeAll, connect } from '../testing/connected.js';

const PATTERN = 'f:{symbol}:{name}';
const write = (key: string) => ({ key, value: 1, ttlSeconds: 600 });
const keysOf = (symbol: string, count: number) => Array.from({ length: count }, (_, i) => `f:${symbol}:${i}`);
const unknownTopology = {
  code: 'CACHE',
  retryable: true,
  message: expect.stringContaining('do not cover all slots'),
};
const fill = (cache: Cache, keys: readonly string[]) => cache.setMany(keys.map(write));

afterEach(closeAll);

describe('on a server', () => {
  let server: RedisProcess;
  let redis: Redis;
  beforeAll(async () => {
    server = await RedisProcess.start();
    redis = new Redis(server.url);
    redis.on('error', () => undefined);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.kill();
  });

  it('deleteWhere deletes only under its prefix, whatever characters that has', async () => {
    const prefixes = ['*', 's?g[ab]\\', 'sig', 'sga\\', ''];
    const caches = prefixes.map((keyPrefix) => connect({ url: server.url, keyPrefix }).cache);
    for (const cache of caches) await cache.set('f:A:1', 1, 60);
    for (const [i, cache] of caches.entries()) {
      expect(await cache.deleteWhere(PATTERN, {})).toBe(1);
      const areThere = await Promise.all(caches.map((each) => each.exists('f:A:1')));
      expect(areThere).toEqual(caches.map((_, j) => j > i));
    }
  });

  it('deleteWhere rejects with the signal reason and deletes nothing more', async () => {
    const { cache } = connect({ url: server.url });
    await fill(cache, keysOf('A', 20_000));
    const controller = new AbortController();
    const deletion = cache.deleteWhere(PATTERN, {}, { signal: controller.signal });
    await until(async () => (await redis.dbsize()) < 20_000);
    controller.abort('enough');
    await expect(deletion).rejects.toBe('enough');
    await cache.exists('f:A:1');
    const left = await redis.dbsize();
    expect(left).toBeGreaterThan(0);
    await cache.exists('f:A:1');
    expect(await redis.dbsize()).toBe(left);
    expect(await cache.deleteWhere(PATTERN, {})).toBe(left);
  });

  it('deleteWhere times out as a whole even while commands have time', async () => {
    const { cache } = connect({ url: server.url, commandTimeoutMs: 600_000, scanTimeoutMs: 50 });
    await cache.set('f:A:1', 1, 60);
    server.pause();
    const error = await rejectionOf(() => cache.deleteWhere(PATTERN, {}));
    server.resume();
    expect(error).toMatchObject({ code: 'TIMEOUT', operation: 'cache.deleteWhere', retryable: true });
  });

  it('deleteWhere fails with a retryable error when the server dies meanwhile', async () => {
    const { cache } = connect({ url: server.url });
    await fill(cache, keysOf('A', 20_000));
    const deletion = rejectionOf(() => cache.deleteWhere(PATTERN, {}));
    await until(async () => (await redis.dbsize()) < 20_000);
    await server.kill();
    expect(await deletion).toMatchObject({ code: 'CONNECTION', retryable: true });
    await server.start();
    await until(async () =>
      cache
        .deleteWhere(PATTERN, {})
        .then(Boolean, () => false)
        .then(() => true),
    );
  });
});

describe('on a cluster of three masters', () => {
  let cluster: RedisClusterProcesses;
  beforeAll(async () => void (cluster = await RedisClusterProcesses.start(3, 0)));
  afterAll(() => cluster.stop());

  it('deleteWhere deletes every earlier key while a slot moves between masters', async () => {
    const [one, other] = cluster.masters as [ClusterNode, ClusterNode];
    const tag = await cluster.keyOn(one, 'moving');
    const slot = await one.redis.cluster('KEYSLOT', tag);
    const { cache } = connect(cluster.settings);
    const keys = keysOf(`{${tag}}`, 2_000);
    for (let round = 0; round < 6; round++) {
      const [from, to] = round % 2 === 0 ? [one, other] : [other, one];
      await fill(cache, keys);
      const move = cluster.moveSlot(slot, from, to);
      await until(async () => (await to.redis.dbsize()) > 50 * round);
      await cache.deleteWhere(PATTERN, {});
      await move;
      expect((await cache.getMany(keys, anyValue)).filter((value) => value !== null)).toEqual([]);
    }
  });

  it('deleteWhere fails with a retryable error while a slot has no master', async () => {
    const { cache } = connect(cluster.settings);
    await fill(cache, keysOf('A', 100));
    for (const { redis } of cluster.masters) await redis.cluster('DELSLOTS', 0);
    expect(await rejectionOf(() => cache.deleteWhere(PATTERN, {}))).toMatchObject(unknownTopology);
    expect((await cache.getMany(keysOf('A', 100), anyValue)).every((value) => value === 1)).toBe(true);
    await cluster.masters[0]!.redis.cluster('ADDSLOTS', 0);
    await cluster.settled();
    expect(await cache.deleteWhere(PATTERN, {})).toBe(100);
  });

  it('deleteWhere fails with a retryable error while a slot moves elsewhere', async () => {
    const [one, , third] = cluster.masters as [ClusterNode, ClusterNode, ClusterNode];
    const { cache } = connect(cluster.settings);
    await cache.deleteWhere(PATTERN, {});
    // The owner first: until it has lost the slots, it announces them to the others.
    for (const { redis } of cluster.masters.toReversed())
      await redis.call('CLUSTER', 'DELSLOTSRANGE', 10_922, 16_383);
    await one.redis.call('CLUSTER', 'ADDSLOTSRANGE', 10_922, 16_383);
    await one.redis.call('CLUSTER', 'BUMPEPOCH');
    const tag = await cluster.keyOn(one, 'moving');
    const slot = await one.redis.cluster('KEYSLOT', tag);
    const keys = keysOf(`{${tag}}`, 100);
    await until(async () =>
      fill(cache, keys).then(
        () => true,
        () => false,
      ),
    );
    await third.redis.cluster('SETSLOT', slot, 'IMPORTING', one.id);
    await one.redis.cluster('SETSLOT', slot, 'MIGRATING', third.id);
    expect(await rejectionOf(() => cache.deleteWhere(PATTERN, {}))).toMatchObject(unknownTopology);
    await cluster.moveSlot(slot, one, third);
    expect(await cache.deleteWhere(PATTERN, {})).toBe(100);
  });
});
