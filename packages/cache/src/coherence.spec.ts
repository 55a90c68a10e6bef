import { keyspaces } from '@quantumtrade/dal-domain';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import { CoherentCache } from './coherent-cache.js';
import { openCluster, settled } from './testing/cluster.js';
import { openWithValue, RSI, RSI_KEY } from './testing/features.js';

it('reads a value from the second level once, then from this process', async () => {
  const { here, features } = await openWithValue();
  expect(await features.get(RSI)).toBe(1);
  expect(features.peek(RSI)).toBe(1);
  expect(await features.getOrLoad(RSI, async () => 99)).toBe(1);
  expect(await features.getMany([RSI])).toEqual([1]);
  expect(await features.exists(RSI)).toBe(true);
  expect(here.secondLevel.calls).toEqual(['getEntry']);
  expect(here.cache.stats()).toMatchObject({ l1Hits: 5, l2Hits: 1, entries: 1 });
});

it.each([
  ['another process sets it', ({ others }) => others.set(RSI, 2), 2],
  ['another process sets many', ({ others }) => others.setMany([[RSI, 2]]), 2],
  ['another process deletes it', ({ others }) => others.delete(RSI), null],
  ['another process deletes many', ({ others }) => others.deleteMany([RSI]), null],
  ['a client without a cache sets it', ({ foreign }) => foreign.set(RSI_KEY, 2, 60), 2],
  ['a client without a cache deletes it', ({ foreign }) => foreign.delete(RSI_KEY), null],
  ['this process sets it', ({ features }) => features.set(RSI, 2), 2],
  ['this process deletes it', ({ features }) => features.delete(RSI), null],
] satisfies [
  string,
  (cluster: Awaited<ReturnType<typeof openWithValue>>) => Promise<unknown>,
  number | null,
][])('serves no old value once %s', async (_, change, after) => {
  const cluster = await openWithValue();
  await change(cluster);
  expect(cluster.features.peek(RSI)).toBeUndefined();
  expect(await cluster.features.get(RSI)).toBe(after);
});

it('does not keep a value whose key changed while it was read', async () => {
  const { here, others, features } = await openWithValue();
  await others.set(RSI, 2);
  const release = here.secondLevel.hold('getEntry');
  const read = features.get(RSI);
  await others.set(RSI, 3);
  release();
  await read;
  expect(features.peek(RSI)).toBeUndefined();
  expect(here.cache.stats().rejectedByVersion).toBe(1);
});

it('drops values read before or during an own write', async () => {
  const { here, features, others, timers } = await openWithValue();
  await others.set(RSI, 2);
  here.invalidations.delay();
  const answer = here.secondLevel.hold('getEntry', 'answer');
  const before = features.get(RSI);
  await settled();
  await features.set(RSI, 3);
  answer();
  expect(await before).toBe(2);
  expect(features.peek(RSI)).toBeUndefined();

  const release = here.secondLevel.hold('set');
  const write = features.set(RSI, 4);
  expect(await features.get(RSI)).toBe(3);
  expect(features.peek(RSI)).toBe(3);
  release();
  await write;
  expect(features.peek(RSI)).toBeUndefined();

  here.secondLevel.hold('set');
  const overdue = features.set(RSI, 5);
  expect(await features.get(RSI)).toBe(4);
  timers.advance(250);
  await expect(overdue).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(features.peek(RSI)).toBeUndefined();
});

it('starts a new read when the value changed during a read', async () => {
  const { here, others, features } = await openWithValue();
  await others.delete(RSI);
  const release = here.secondLevel.hold('getEntry');
  const early = features.get(RSI);
  await others.set(RSI, 2);
  const late = features.get(RSI);
  await settled();
  expect(here.secondLevel.count('getEntry')).toBe(3);
  release();
  await Promise.all([early, late]);
});

it('drops everything when all keys are invalidated', async () => {
  const { here, features } = await openWithValue();
  here.invalidations.reconnect();
  expect(features.peek(RSI)).toBeUndefined();
});

it('keeps nothing on the first level while invalidations are disconnected', async () => {
  const { here, others, features } = await openWithValue();
  here.invalidations.disconnect();
  expect(features.peek(RSI)).toBeUndefined();
  expect(await features.get(RSI)).toBe(1);
  await others.set(RSI, 2);
  expect(await features.get(RSI)).toBe(2);
  expect(here.cache.health().isConnected).toBe(false);
  here.invalidations.reconnect();
  expect(await features.get(RSI)).toBe(2);
  expect(features.peek(RSI)).toBe(2);
});

it('drops a value that was read across a reconnection', async () => {
  const { here, features } = await openWithValue();
  here.invalidations.disconnect();
  const release = here.secondLevel.hold('getEntry');
  const read = features.get(RSI);
  here.invalidations.reconnect();
  release();
  await read;
  expect(features.peek(RSI)).toBeUndefined();
});

it('serves a value for its staleness bound while disconnected', async () => {
  const { here, others, features, timers } = await openWithValue({ stalenessMs: 500 });
  here.invalidations.disconnect();
  expect(await features.get(RSI)).toBe(1);
  await others.set(RSI, 2);
  timers.advance(499);
  expect(await features.get(RSI)).toBe(1);
  timers.advance(1);
  expect(await features.get(RSI)).toBe(2);
  here.invalidations.reconnect();
  expect(features.peek(RSI)).toBeUndefined();
});

it('returns many values in the order of their keys from both levels', async () => {
  const { here, features, others } = await openWithValue();
  const macd = { symbol: 'AAPL', featureName: 'macd' };
  await others.setMany([[macd, 5]]);
  const none = { symbol: 'X', featureName: 'none' };
  expect(await features.getMany([macd, none, RSI])).toEqual([5, null, 1]);
  expect(await features.getMany([])).toEqual([]);
  expect(here.secondLevel.count('getEntries')).toBe(1);
  expect(await features.getMany([RSI, macd])).toEqual([1, 5]);
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
  const features = processes[0]!.cache.keyspace(keyspaces.featureValue, { jitter: 0.2 });
  await features.set(RSI, 1);
  const entry = await backend.cache.getEntry(RSI_KEY, keyspaces.featureValue.codec);
  expect(entry!.expiresAt - timers.now()).toBe(270_000);
});

it('drops everything when it is closed', async () => {
  const { here, features, others } = await openWithValue();
  here.cache.close();
  expect(features.peek(RSI)).toBeUndefined();
  await others.set(RSI, 2);
  expect(await features.get(RSI)).toBe(2);
  expect(features.peek(RSI)).toBeUndefined();
});

it('refuses a second keyspace of a pattern, wrong options and wrong values', async () => {
  const { here, features } = await openWithValue();
  expect(() => here.cache.keyspace(keyspaces.featureValue)).toThrow('pattern');
  expect(() => here.cache.keyspace(keyspaces.session, { jitter: 1 })).toThrow('jitter');
  expect(() => here.cache.keyspace(keyspaces.session, { eagerRefreshAt: 0 })).toThrow('eagerRefreshAt');
  await expect(features.set(RSI, 'x' as unknown as number)).rejects.toMatchObject({ code: 'VALIDATION' });
  await expect(features.setMany([[RSI, NaN]])).rejects.toMatchObject({ code: 'VALIDATION' });
  expect(await features.get(RSI)).toBe(1);
});

it('refuses unknown options and invalid numbers by name', async () => {
  const { here } = await openWithValue();
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
  const { features } = await openWithValue();
  expect([await features.delete(RSI), await features.delete(RSI)]).toEqual([true, false]);
});
