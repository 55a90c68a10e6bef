import { keyspaces } from '@quantumtrade/dal-domain';
import { systemClock } from '@quantumtrade/dal-runtime';
import type { CoherentCacheOptions } from './coherent-cache.js';
import type { KeyspaceOptions } from './options.js';
import { openCluster, settled } from './testing/cluster.js';

const feature = (i: number) => ({ symbol: `S${i}`, featureName: 'rsi' });
const rsi = feature(0);
const key = 'features:S0:rsi';

async function open(options?: KeyspaceOptions, cacheOptions?: CoherentCacheOptions) {
  const cluster = await openCluster(1, cacheOptions);
  const here = cluster.processes[0]!;
  return { ...cluster, ...here, features: here.cache.keyspace(keyspaces.featureValue, options) };
}

it('answers from the loader when the second level fails, keeping nothing', async () => {
  const { features, secondLevel, foreign } = await open();
  secondLevel.setFault('throws');
  expect(await features.getOrLoad(rsi, async () => 1)).toBe(1);
  expect(await features.getOrLoad(rsi, async () => 2)).toBe(2);
  expect(features.peek(rsi)).toBeUndefined();
  expect(await foreign.exists(key)).toBe(false);
});

it('keeps a degraded load for the staleness bound of its keyspace', async () => {
  const { features, secondLevel, timers } = await open({ stalenessMs: 500 });
  secondLevel.setFault('throws');
  expect(await features.getOrLoad(rsi, async () => 1)).toBe(1);
  timers.advance(499);
  expect(await features.getOrLoad(rsi, async () => 2)).toBe(1);
  timers.advance(1);
  expect(await features.getOrLoad(rsi, async () => 2)).toBe(2);
});

it('serves first-level values when the second level hangs', async () => {
  const { features, secondLevel } = await open();
  await features.set(rsi, 1);
  await features.get(rsi);
  secondLevel.setFault('hangs');
  expect(await features.get(rsi)).toBe(1);
  expect(await features.getOrLoad(rsi, async () => 2)).toBe(1);
});

it('gives up a second level that hangs after the budget', async () => {
  const { features, secondLevel, timers, cache } = await open();
  secondLevel.setFault('hangs');
  const read = features.getOrLoad(rsi, async () => 1);
  const get = features.get(feature(1));
  await settled();
  timers.advance(250);
  expect(await read).toBe(1);
  await expect(get).rejects.toMatchObject({ code: 'TIMEOUT', operation: 'cache.get' });
  expect(cache.stats()).toMatchObject({ degradedLoads: 1, l2Failures: 2 });
});

it('accepts an answer that arrived within the budget of a busy process', async () => {
  const { features, secondLevel, foreign, cache } = await open({}, { clock: systemClock, budgetMs: 100 });
  await foreign.set(key, 1, 60);
  const release = secondLevel.hold('getEntry');
  const read = features.get(rsi);
  await settled();
  // The answer is handled after the timers that are due, like one that arrived on a socket.
  setImmediate(release);
  const busyUntil = performance.now() + 150;
  while (performance.now() < busyUntil);
  expect(await read).toBe(1);
  expect(cache.stats().l2Failures).toBe(0);
});

it('waits for one budget in all when the second level hangs', async () => {
  const { features, secondLevel, timers, cache } = await open();
  secondLevel.setFault('hangs');
  const first = Array.from({ length: 50 }, (_, i) => features.getOrLoad(feature(i), async () => i));
  await settled();
  timers.advance(250);
  await Promise.all(first);
  expect(cache.health()).toEqual({ isConnected: true, reads: 'open', writes: 'open' });
  const calls = secondLevel.calls.length;
  for (let i = 0; i < 50; i++) expect(await features.getOrLoad(feature(i), async () => -i)).toBe(-i);
  await expect(features.get(rsi)).rejects.toMatchObject({ code: 'CACHE' });
  expect(secondLevel.calls).toHaveLength(calls);
});

it('closes the breaker when its one probe succeeds', async () => {
  const { features, secondLevel, timers, cache, foreign } = await open();
  secondLevel.setFault('throws');
  for (let i = 0; i < 5; i++) await features.get(rsi).catch(() => undefined);
  await foreign.set(key, 3, 60);
  timers.advance(1_000);
  secondLevel.setFault('hangs');
  const probe = features.get(rsi);
  await settled();
  expect(cache.health().reads).toBe('half-open');
  await expect(features.get(feature(1))).rejects.toMatchObject({ code: 'CACHE' });
  timers.advance(250);
  await expect(probe).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(cache.health().reads).toBe('open');
  secondLevel.setFault('works');
  timers.advance(1_000);
  expect(await features.get(rsi)).toBe(3);
  expect(cache.health().reads).toBe('closed');
});

it('bounds concurrent loads while the second level fails', async () => {
  const { features, secondLevel } = await open({ maxDegradedLoads: 3 });
  secondLevel.setFault('throws');
  let running = 0;
  let most = 0;
  const loader = async () => {
    most = Math.max(most, ++running);
    await settled();
    running--;
    return 1;
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => features.getOrLoad(feature(i), loader)));
  expect(most).toBe(3);
});

it('shares one load of a key while the second level fails', async () => {
  const { features, secondLevel } = await open();
  secondLevel.setFault('throws');
  let loads = 0;
  const loader = async () => {
    await settled();
    return ++loads;
  };
  await Promise.all(Array.from({ length: 1_000 }, () => features.getOrLoad(rsi, loader)));
  expect(loads).toBe(1);
});

it('reads from a second level that refuses writes', async () => {
  const { features, secondLevel, foreign, cache } = await open();
  await foreign.set(key, 1, 60);
  for (const method of ['set', 'delete', 'setIfUnchanged'] as const) {
    secondLevel.setFault('throws', method);
    for (let i = 1; i < 10; i++) {
      if (method === 'setIfUnchanged') expect(await features.getOrLoad(feature(i), async () => i)).toBe(i);
      else if (method === 'set') await expect(features.set(feature(i), 1)).rejects.toThrow();
      else await expect(features.delete(feature(i))).rejects.toThrow();
    }
    expect(await features.get(rsi)).toBe(1);
  }
  expect(cache.health()).toMatchObject({ reads: 'closed', writes: 'open' });
});

it('keeps reading when a second level refuses leases', async () => {
  const { features, secondLevel, foreign, cache, timers } = await open();
  await foreign.set(key, 1, 60);
  secondLevel.setFault('refuses', 'getEntryOrSet');
  for (let i = 1; i < 10; i++) expect(await features.getOrLoad(feature(i), async () => i)).toBe(i);
  expect(cache.health()).toMatchObject({ reads: 'closed', writes: 'open' });
  expect(await features.getOrLoad(rsi, async () => 2)).toBe(1);
  expect(secondLevel.count('getEntryOrSet')).toBe(5);
  secondLevel.setFault('works');
  timers.advance(1_000);
  expect(await features.getOrLoad(feature(1), async () => 1)).toBe(1);
  expect(cache.health()).toMatchObject({ reads: 'closed', writes: 'closed' });
  expect(await foreign.exists('features:S1:rsi')).toBe(true);
});

it.each(['throws', 'hangs'] as const)('rejects a write that %s, and drops the old value', async (how) => {
  const { features, secondLevel, timers } = await open();
  await features.set(rsi, 1);
  await features.get(rsi);
  secondLevel.setFault(how, 'delete');
  const deletion = features.delete(rsi);
  expect(features.peek(rsi)).toBeUndefined();
  deletion.catch(() => undefined);
  await settled();
  timers.advance(250);
  await expect(deletion).rejects.toMatchObject({ code: how === 'hangs' ? 'TIMEOUT' : 'CONNECTION' });
  expect(features.peek(rsi)).toBeUndefined();
});

it('drops a value that was read while a write ran', async () => {
  const { features, secondLevel } = await open();
  await features.set(rsi, 1);
  const release = secondLevel.hold('delete');
  const deletion = features.delete(rsi);
  expect(await features.get(rsi)).toBe(1);
  release();
  await deletion;
  expect(features.peek(rsi)).toBeUndefined();
});

it('loads anew when a stored value does not match its schema', async () => {
  const { features, foreign, cache } = await open();
  await foreign.set(key, { not: 'a number' }, 60);
  expect(await features.get(rsi)).toBeNull();
  expect(await features.getMany([rsi])).toEqual([null]);
  expect(await features.getOrLoad(rsi, async () => 1)).toBe(1);
  expect(await features.get(rsi)).toBe(1);
  expect(cache.health().reads).toBe('closed');
  expect(cache.stats().unreadable).toBe(3);
});

it('rejects with errors of the data layer only', async () => {
  const { features, secondLevel } = await open();
  secondLevel.setFault('breaks');
  const error: unknown = await features.get(rsi).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'CACHE' });
  expect((error as Error).message).not.toContain('secret');
});
