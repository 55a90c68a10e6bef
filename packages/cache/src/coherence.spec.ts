import { keyspaces } from '@quantumtrade/dal-domain';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import { CoherentCache } from './coherent-cache.js';
import type { CoherentKeyspace } from './coherent-keyspace.js';
import type { KeyspaceOptions } from './options.js';
import type { Process } from './testing/processes.js';
import { openCluster, settled } from './testing/processes.js';

const rsi = { symbol: 'AAPL', featureName: 'rsi' };
const key = 'features:AAPL:rsi';

type Features = CoherentKeyspace<'features:{symbol}:{featureName}', number>;
const featuresOf = ({ cache }: Process, options?: KeyspaceOptions): Features =>
  cache.keyspace(keyspaces.featureValue, options);

/** Two processes with the same keyspace, whose values are at hand in the first. */
async function two(options?: KeyspaceOptions) {
  const cluster = await openCluster(2);
  const [here, there] = cluster.processes as [Process, Process];
  const features = featuresOf(here, options);
  const others = featuresOf(there, options);
  await others.set(rsi, 1);
  await features.get(rsi);
  return { ...cluster, here, there, features, others };
}

it('reads a value from the second level once, then from this process', async () => {
  const { here, features } = await two();
  expect(await features.get(rsi)).toBe(1);
  expect(features.peek(rsi)).toBe(1);
  expect(await features.getOrLoad(rsi, async () => 99)).toBe(1);
  expect(await features.getMany([rsi])).toEqual([1]);
  expect(await features.exists(rsi)).toBe(true);
  expect(here.chaos.calls).toEqual(['getEntry']);
  expect(here.cache.stats()).toMatchObject({ l1Hits: 5, l2Hits: 1, entries: 1 });
});

it.each([
  ['another process sets it', ({ others }) => others.set(rsi, 2), 2],
  ['another process sets many', ({ others }) => others.setMany([[rsi, 2]]), 2],
  ['another process deletes it', ({ others }) => others.delete(rsi), null],
  ['another process deletes many', ({ others }) => others.deleteMany([rsi]), null],
  ['a client that knows nothing of the cache sets it', ({ foreign }) => foreign.set(key, 2, 60), 2],
  ['a client that knows nothing of the cache deletes it', ({ foreign }) => foreign.delete(key), null],
  ['this process sets it', ({ features }) => features.set(rsi, 2), 2],
  ['this process deletes it', ({ features }) => features.delete(rsi), null],
] satisfies [string, (world: Awaited<ReturnType<typeof two>>) => Promise<unknown>, number | null][])(
  'serves no old value once %s',
  async (_, change, after) => {
    const world = await two();
    await change(world);
    expect(world.features.peek(rsi)).toBeUndefined();
    expect(await world.features.get(rsi)).toBe(after);
  },
);

it('does not keep a value whose key changed while it was read', async () => {
  const { here, others, features } = await two();
  await others.set(rsi, 2);
  const goOn = here.chaos.hold('getEntry');
  const read = features.get(rsi);
  await others.set(rsi, 3);
  goOn();
  await read;
  expect(features.peek(rsi)).toBeUndefined();
  expect(here.cache.stats().rejectedByVersion).toBe(1);
});

it('does not keep what was read before its own write or while it ran, told of it or not', async () => {
  const { here, features, others, timers } = await two();
  await others.set(rsi, 2);
  here.feed.delay();
  const answer = here.chaos.hold('getEntry', 'answer');
  const before = features.get(rsi);
  await settled();
  await features.set(rsi, 3);
  answer();
  expect(await before).toBe(2);
  expect(features.peek(rsi)).toBeUndefined();

  const goOn = here.chaos.hold('set');
  const write = features.set(rsi, 4);
  expect(await features.get(rsi)).toBe(3);
  expect(features.peek(rsi)).toBe(3);
  goOn();
  await write;
  expect(features.peek(rsi)).toBeUndefined();

  here.chaos.hold('set');
  const overdue = features.set(rsi, 5);
  expect(await features.get(rsi)).toBe(4);
  timers.advance(250);
  await expect(overdue).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(features.peek(rsi)).toBeUndefined();
});

it('does not let a reader join a read that began before the value changed', async () => {
  const { here, others, features } = await two();
  await others.delete(rsi);
  const goOn = here.chaos.hold('getEntry');
  const early = features.get(rsi);
  await others.set(rsi, 2);
  const late = features.get(rsi);
  await settled();
  expect(here.chaos.count('getEntry')).toBe(3);
  goOn();
  await Promise.all([early, late]);
});

it('forgets everything when all keys are said to have changed', async () => {
  const { here, features } = await two();
  here.feed.mend();
  expect(features.peek(rsi)).toBeUndefined();
});

it('keeps nothing in process while invalidations are disconnected', async () => {
  const { here, others, features } = await two();
  here.feed.cut();
  expect(features.peek(rsi)).toBeUndefined();
  expect(await features.get(rsi)).toBe(1);
  await others.set(rsi, 2);
  expect(await features.get(rsi)).toBe(2);
  expect(here.cache.health().isConnected).toBe(false);
  here.feed.mend();
  expect(await features.get(rsi)).toBe(2);
  expect(features.peek(rsi)).toBe(2);
});

it('does not keep a value that was read across a reconnection', async () => {
  const { here, features } = await two();
  here.feed.cut();
  const goOn = here.chaos.hold('getEntry');
  const read = features.get(rsi);
  here.feed.mend();
  goOn();
  await read;
  expect(features.peek(rsi)).toBeUndefined();
});

it('serves a value for its staleness bound while disconnected, if the keyspace has one, and no longer', async () => {
  const { here, others, features, timers } = await two({ stalenessMs: 500 });
  here.feed.cut();
  expect(await features.get(rsi)).toBe(1);
  await others.set(rsi, 2);
  timers.advance(499);
  expect(await features.get(rsi)).toBe(1);
  timers.advance(1);
  expect(await features.get(rsi)).toBe(2);
  here.feed.mend();
  expect(features.peek(rsi)).toBeUndefined();
});

it('keeps a value no longer than the second level does', async () => {
  const { foreign, features, timers } = await two();
  await foreign.set(key, 2, 10);
  timers.advance(4_000);
  expect(await features.get(rsi)).toBe(2);
  timers.advance(5_999);
  expect(features.peek(rsi)).toBe(2);
  timers.advance(1);
  expect(features.peek(rsi)).toBeUndefined();
  expect(await features.get(rsi)).toBeNull();
});

it('keeps a value in process no longer than the keyspace says', async () => {
  const { features, timers } = await two({ l1TtlMs: 100 });
  timers.advance(99);
  expect(features.peek(rsi)).toBe(1);
  timers.advance(1);
  expect(features.peek(rsi)).toBeUndefined();
  expect(await features.get(rsi)).toBe(1);
});

it.each([{ maxEntries: 10 }, { maxBytes: 10 * 16 }])('drops what is least used beyond %j', async (limits) => {
  const { foreign, processes } = await openCluster(1, limits);
  const [here] = processes as [Process];
  const features = featuresOf(here);
  const parts = Array.from({ length: 100 }, (_, i) => ({ symbol: `S${i}`, featureName: 'rsi' }));
  for (const [i, { symbol }] of parts.entries()) await foreign.set(`features:${symbol}:rsi`, i, 60);
  for (const each of parts) {
    await features.get(parts[0]!);
    await features.get(each);
  }
  expect(here.cache.stats().entries).toBe(10);
  const isAtHand = parts.map((each) => features.peek(each) !== undefined);
  expect(isAtHand.flatMap((is, i) => (is ? [i] : []))).toEqual([0, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
});

it.each([
  [1, { maxEntries: 1 }],
  [2, { maxEntries: 2 }],
  [1, { maxBytes: 16 }],
  [2, { maxBytes: 2 * 16 }],
])('keeps values beside changes of others, %i where there is room for them, %j', async (room, limits) => {
  const { foreign, processes } = await openCluster(1, limits);
  const [here] = processes as [Process];
  const features = featuresOf(here);
  const macd = { symbol: 'AAPL', featureName: 'macd' };
  await foreign.set(key, 1, 60);
  await foreign.set('features:AAPL:macd', 2, 60);
  await features.get(rsi);
  await foreign.set('features:MSFT:rsi', 3, 60);
  expect(features.peek(rsi)).toBe(1);
  await features.get(macd);
  await foreign.set('features:MSFT:rsi', 4, 60);
  expect([features.peek(rsi), features.peek(macd)]).toEqual([room === 1 ? undefined : 1, 2]);
});

it.each([{ maxEntries: 2 }, { maxBytes: 2 * 16 }])(
  'has all of its room again, %j, when its last value is gone',
  async (limits) => {
    const { processes } = await openCluster(1, limits);
    const [here] = processes as [Process];
    const features = featuresOf(here);
    const macd = { symbol: 'AAPL', featureName: 'macd' };
    await features.set(rsi, 1);
    await features.get(rsi);
    const full = { entries: here.cache.stats().entries, bytes: here.cache.stats().bytes };
    for (let n = 0; n < 3; n++) {
      await features.delete(rsi);
      expect(here.cache.stats()).toMatchObject({ entries: 0, bytes: 0 });
      await features.set(rsi, 1);
      await features.get(rsi);
      expect(here.cache.stats()).toMatchObject(full);
    }
    await features.set(macd, 2);
    await features.get(macd);
    expect([features.peek(rsi), features.peek(macd)]).toEqual([1, 2]);
    expect(here.cache.stats()).toMatchObject({ entries: 2, bytes: 2 * full.bytes });
  },
);

it('hands out values that nobody can change', async () => {
  const { processes } = await openCluster();
  const regimes = processes[0]!.cache.keyspace(keyspaces.marketRegime);
  const timestamp = new Date(Date.UTC(2024, 0, 2));
  await regimes.set({ symbol: 'A' }, { symbol: 'A', regime: 'bull', confidence: 0.5, timestamp });
  const regime = (await regimes.get({ symbol: 'A' }))!;
  expect(() => (regime.confidence = 1)).toThrow(TypeError);
  expect(() => regime.timestamp.setTime(0)).toThrow(TypeError);
  expect(regimes.peek({ symbol: 'A' })).toEqual({ symbol: 'A', regime: 'bull', confidence: 0.5, timestamp });
  timestamp.setTime(0);
  expect(regime.timestamp.getUTCFullYear()).toBe(2024);
});

it('gets many in the order asked for, from both levels', async () => {
  const { here, features, others } = await two();
  const macd = { symbol: 'AAPL', featureName: 'macd' };
  await others.setMany([[macd, 5]]);
  const none = { symbol: 'X', featureName: 'none' };
  expect(await features.getMany([macd, none, rsi])).toEqual([5, null, 1]);
  expect(await features.getMany([])).toEqual([]);
  expect(here.chaos.count('getEntries')).toBe(1);
  expect(await features.getMany([rsi, macd])).toEqual([1, 5]);
  expect(features.peek(macd)).toBe(5);
  expect(here.chaos.count('getEntries')).toBe(1);
});

it('keeps a newer timed value', async () => {
  const { processes } = await openCluster();
  const regimes = processes[0]!.cache.keyspace(keyspaces.marketRegime);
  const at = (ms: number) => ({ symbol: 'A', regime: `r${ms}`, confidence: 1, timestamp: new Date(ms) });
  expect(await regimes.replaceIfNewer({ symbol: 'A' }, at(1))).toBe(false);
  expect(await regimes.setIfNewer({ symbol: 'A' }, at(2))).toBe(true);
  expect((await regimes.get({ symbol: 'A' }))?.regime).toBe('r2');
  expect(await regimes.setIfNewer({ symbol: 'A' }, at(1))).toBe(false);
  expect(await regimes.replaceIfNewer({ symbol: 'A' }, at(3))).toBe(true);
  expect((await regimes.get({ symbol: 'A' }))?.regime).toBe('r3');
});

it('stores for the time of the keyspace, shortened at random if it says so', async () => {
  const { processes, backend, timers } = await openCluster(1, { random: () => 0.5 });
  const features = featuresOf(processes[0]!, { jitter: 0.2 });
  await features.set(rsi, 1);
  const entry = await backend.cache.getEntry(key, keyspaces.featureValue.codec);
  expect(entry!.expiresAt - timers.now()).toBe(270_000);
});

it('keeps nothing once it is closed', async () => {
  const { here, features, others } = await two();
  here.cache.close();
  expect(features.peek(rsi)).toBeUndefined();
  await others.set(rsi, 2);
  expect(await features.get(rsi)).toBe(2);
  expect(features.peek(rsi)).toBeUndefined();
});

it('refuses a second keyspace of a pattern, options that make no sense, and values that are none', async () => {
  const { here, features } = await two();
  expect(() => featuresOf(here)).toThrow('pattern');
  expect(() => here.cache.keyspace(keyspaces.session, { jitter: 1 })).toThrow('jitter');
  expect(() => here.cache.keyspace(keyspaces.session, { eagerRefreshAt: 0 })).toThrow('eagerRefreshAt');
  await expect(features.set(rsi, 'x' as unknown as number)).rejects.toMatchObject({ code: 'VALIDATION' });
  await expect(features.setMany([[rsi, NaN]])).rejects.toMatchObject({ code: 'VALIDATION' });
  expect(await features.get(rsi)).toBe(1);
});

it('refuses unknown options and invalid numbers by name', async () => {
  const { here } = await two();
  const refused = (field: string, reason: string) =>
    expect.objectContaining({ code: 'VALIDATION', field, reason: expect.stringContaining(reason) });
  const keyspace = (options: object) => () => here.cache.keyspace(keyspaces.session, options);
  expect(keyspace({ jiter: 0.1 })).toThrow(refused('jiter', 'did you mean "jitter"?'));
  const backend = memoryCacheBackend();
  const open = (options: object) => () => new CoherentCache(backend, options);
  expect(open({ budgtMs: 5 })).toThrow(refused('budgtMs', 'did you mean "budgetMs"?'));
  expect(open({ breaker: { windw: 5 } })).toThrow(refused('breaker.windw', 'did you mean "window"?'));
  expect(open({ budgetMs: 0 })).toThrow(refused('budgetMs', 'above 0'));
  expect(open({ maxEntries: NaN })).toThrow(refused('maxEntries', 'above 0'));
});

it('says of a deletion whether the second level held something', async () => {
  const { features } = await two();
  expect([await features.delete(rsi), await features.delete(rsi)]).toEqual([true, false]);
});
