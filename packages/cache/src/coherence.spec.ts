import { keyspaces } from '@quantumtrade/dal-domain';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import { CoherentCache } from './coherent-cache.js';
import type { CoherentKeyspace } from './coherent-keyspace.js';
import type { KeyspaceOptions } from './options.js';
import type { Process } from './testing/cluster.js';
import { openCluster, settled } from './testing/cluster.js';

const rsi = { symbol: 'AAPL', featureName: 'rsi' };
const key = 'features:AAPL:rsi';

type Features = CoherentKeyspace<'features:{symbol}:{featureName}', number>;
const featuresOf = ({ cache }: Process, options?: KeyspaceOptions): Features =>
  cache.keyspace(keyspaces.featureValue, options);

/** Opens a keyspace in two processes; the first holds its value. */
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
  expect(here.secondLevel.calls).toEqual(['getEntry']);
  expect(here.cache.stats()).toMatchObject({ l1Hits: 5, l2Hits: 1, entries: 1 });
});

it.each([
  ['another process sets it', ({ others }) => others.set(rsi, 2), 2],
  ['another process sets many', ({ others }) => others.setMany([[rsi, 2]]), 2],
  ['another process deletes it', ({ others }) => others.delete(rsi), null],
  ['another process deletes many', ({ others }) => others.deleteMany([rsi]), null],
  ['a client without a cache sets it', ({ foreign }) => foreign.set(key, 2, 60), 2],
  ['a client without a cache deletes it', ({ foreign }) => foreign.delete(key), null],
  ['this process sets it', ({ features }) => features.set(rsi, 2), 2],
  ['this process deletes it', ({ features }) => features.delete(rsi), null],
] satisfies [string, (cluster: Awaited<ReturnType<typeof two>>) => Promise<unknown>, number | null][])(
  'serves no old value once %s',
  async (_, change, after) => {
    const cluster = await two();
    await change(cluster);
    expect(cluster.features.peek(rsi)).toBeUndefined();
    expect(await cluster.features.get(rsi)).toBe(after);
  },
);

it('does not keep a value whose key changed while it was read', async () => {
  const { here, others, features } = await two();
  await others.set(rsi, 2);
  const release = here.secondLevel.hold('getEntry');
  const read = features.get(rsi);
  await others.set(rsi, 3);
  release();
  await read;
  expect(features.peek(rsi)).toBeUndefined();
  expect(here.cache.stats().rejectedByVersion).toBe(1);
});

it('drops values read before or during an own write', async () => {
  const { here, features, others, timers } = await two();
  await others.set(rsi, 2);
  here.invalidations.delay();
  const answer = here.secondLevel.hold('getEntry', 'answer');
  const before = features.get(rsi);
  await settled();
  await features.set(rsi, 3);
  answer();
  expect(await before).toBe(2);
  expect(features.peek(rsi)).toBeUndefined();

  const release = here.secondLevel.hold('set');
  const write = features.set(rsi, 4);
  expect(await features.get(rsi)).toBe(3);
  expect(features.peek(rsi)).toBe(3);
  release();
  await write;
  expect(features.peek(rsi)).toBeUndefined();

  here.secondLevel.hold('set');
  const overdue = features.set(rsi, 5);
  expect(await features.get(rsi)).toBe(4);
  timers.advance(250);
  await expect(overdue).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(features.peek(rsi)).toBeUndefined();
});

it('starts a new read when the value changed during a read', async () => {
  const { here, others, features } = await two();
  await others.delete(rsi);
  const release = here.secondLevel.hold('getEntry');
  const early = features.get(rsi);
  await others.set(rsi, 2);
  const late = features.get(rsi);
  await settled();
  expect(here.secondLevel.count('getEntry')).toBe(3);
  release();
  await Promise.all([early, late]);
});

it('drops everything when all keys are invalidated', async () => {
  const { here, features } = await two();
  here.invalidations.reconnect();
  expect(features.peek(rsi)).toBeUndefined();
});

it('keeps nothing on the first level while invalidations are disconnected', async () => {
  const { here, others, features } = await two();
  here.invalidations.disconnect();
  expect(features.peek(rsi)).toBeUndefined();
  expect(await features.get(rsi)).toBe(1);
  await others.set(rsi, 2);
  expect(await features.get(rsi)).toBe(2);
  expect(here.cache.health().isConnected).toBe(false);
  here.invalidations.reconnect();
  expect(await features.get(rsi)).toBe(2);
  expect(features.peek(rsi)).toBe(2);
});

it('drops a value that was read across a reconnection', async () => {
  const { here, features } = await two();
  here.invalidations.disconnect();
  const release = here.secondLevel.hold('getEntry');
  const read = features.get(rsi);
  here.invalidations.reconnect();
  release();
  await read;
  expect(features.peek(rsi)).toBeUndefined();
});

it('serves a value for its staleness bound while disconnected', async () => {
  const { here, others, features, timers } = await two({ stalenessMs: 500 });
  here.invalidations.disconnect();
  expect(await features.get(rsi)).toBe(1);
  await others.set(rsi, 2);
  timers.advance(499);
  expect(await features.get(rsi)).toBe(1);
  timers.advance(1);
  expect(await features.get(rsi)).toBe(2);
  here.invalidations.reconnect();
  expect(features.peek(rsi)).toBeUndefined();
});

it('returns many values in the order of their keys from both levels', async () => {
  const { here, features, others } = await two();
  const macd = { symbol: 'AAPL', featureName: 'macd' };
  await others.setMany([[macd, 5]]);
  const none = { symbol: 'X', featureName: 'none' };
  expect(await features.getMany([macd, none, rsi])).toEqual([5, null, 1]);
  expect(await features.getMany([])).toEqual([]);
  expect(here.secondLevel.count('getEntries')).toBe(1);
  expect(await features.getMany([rsi, macd])).toEqual([1, 5]);
  expect(features.peek(macd)).toBe(5);
  expect(here.secondLevel.count('getEntries')).toBe(1);
});

it('keeps a stored value that is newer in setIfNewer and replaceIfNewer', async () => {
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

it('stores with the keyspace time to live, shortened by the jitter', async () => {
  const { processes, backend, timers } = await openCluster(1, { random: () => 0.5 });
  const features = featuresOf(processes[0]!, { jitter: 0.2 });
  await features.set(rsi, 1);
  const entry = await backend.cache.getEntry(key, keyspaces.featureValue.codec);
  expect(entry!.expiresAt - timers.now()).toBe(270_000);
});

it('drops everything when it is closed', async () => {
  const { here, features, others } = await two();
  here.cache.close();
  expect(features.peek(rsi)).toBeUndefined();
  await others.set(rsi, 2);
  expect(await features.get(rsi)).toBe(2);
  expect(features.peek(rsi)).toBeUndefined();
});

it('refuses a second keyspace of a pattern, wrong options and wrong values', async () => {
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

it('returns from delete whether the second level held something', async () => {
  const { features } = await two();
  expect([await features.delete(rsi), await features.delete(rsi)]).toEqual([true, false]);
});
