import { keyspaces } from '@quantumtrade/dal-domain';
import type { CoherentCacheOptions } from './coherent-cache.js';
import type { KeyspaceOptions } from './options.js';
import { openCluster, settled } from './testing/cluster.js';

const rsi = { symbol: 'AAPL', featureName: 'rsi' };
const macd = { symbol: 'AAPL', featureName: 'macd' };
const other = { symbol: 'MSFT', featureName: 'rsi' };
const key = 'features:AAPL:rsi';

/** Opens a keyspace in two processes. */
async function open(options?: KeyspaceOptions, cacheOptions?: CoherentCacheOptions) {
  const cluster = await openCluster(2, cacheOptions);
  const [here, there] = cluster.processes.map((process) => ({
    ...process,
    features: process.cache.keyspace(keyspaces.featureValue, options),
  }));
  return { ...cluster, here: here!, there: there!, features: here!.features, others: there!.features };
}

/** Opens two processes that both hold values. */
async function filled(options?: KeyspaceOptions, cacheOptions?: CoherentCacheOptions) {
  const cluster = await open(options, cacheOptions);
  await cluster.features.setMany([rsi, macd, other].map((parts, i) => [parts, i + 1]));
  for (const parts of [rsi, macd, other]) {
    await cluster.features.get(parts);
    await cluster.others.get(parts);
  }
  return cluster;
}

/** Returns a loader whose calls the test resolves. */
function manualLoader() {
  const gives: ((value: number) => void)[] = [];
  return { loader: () => new Promise<number>((give) => gives.push(give)), gives };
}

it.each([
  [{ symbol: 'AAPL' }, [null, null, 3]],
  [{ featureName: 'rsi' }, [null, 2, null]],
  [rsi, [null, 2, 3]],
  [{}, [null, null, null]],
  [{ symbol: 'AAP' }, [1, 2, 3]],
])('deletes exactly the values with %j in all processes', async (parts, left) => {
  const { features, others, foreign } = await filled();
  await foreign.set('features:AAPL:latest', 'another keyspace', 60);
  await features.deleteWhere(parts);
  const atHand = left.map((value) => value ?? undefined);
  expect([rsi, macd, other].map((each) => features.peek(each))).toEqual(atHand);
  expect([rsi, macd, other].map((each) => others.peek(each))).toEqual(atHand);
  expect(await features.getMany([rsi, macd, other])).toEqual(left);
  expect(await foreign.exists('features:AAPL:latest')).toBe(true);
});

it('drops values read before or during deleteWhere', async () => {
  const { features, here } = await filled();
  await features.set(rsi, 1);
  const answer = here.secondLevel.hold('getEntry', 'answer');
  const before = features.get(rsi);
  await settled();
  here.invalidations.delay();
  await features.deleteWhere({});
  answer();
  expect(await features.get(rsi)).toBeNull();
  expect(await before).toBe(1);
  expect(features.peek(rsi)).toBeUndefined();

  here.invalidations.deliver();
  await features.set(rsi, 4);
  await features.get(rsi);
  here.invalidations.delay();
  const release = here.secondLevel.hold('deleteWhere');
  const deletion = features.deleteWhere({});
  expect(features.peek(rsi)).toBeUndefined();
  expect(await features.get(rsi)).toBe(4);
  release();
  await deletion;
  expect(features.peek(rsi)).toBeUndefined();
});

it.each(['here', 'there'] as const)(
  'deleteWhere keeps a load under way %s from being cached',
  async (where) => {
    for (const isAnnounced of [true, false]) {
      const cluster = await open();
      const { loader, gives } = manualLoader();
      const load = cluster[where].features.getOrLoad(rsi, loader);
      await settled();
      if (!isAnnounced) cluster[where].invalidations.delay();
      await cluster.features.deleteWhere({ symbol: 'AAPL' });
      const late = cluster.features.getOrLoad(rsi, loader);
      await settled();
      gives[0]!(1);
      expect(await load).toBe(1);
      gives[1]!(2);
      expect(await late).toBe(2);
      cluster[where].invalidations.deliver();
      expect(await cluster.features.get(rsi)).toBe(2);
      expect(await cluster.others.get(rsi)).toBe(2);
    }
  },
);

it('drops loads and values when deleteWhere fails on the second level', async () => {
  const { features, here, foreign } = await filled();
  await foreign.delete(key);
  const { loader, gives } = manualLoader();
  const load = features.getOrLoad(rsi, loader);
  await settled();
  here.secondLevel.setFault('throws', 'deleteWhere');
  await expect(features.deleteWhere({})).rejects.toMatchObject({ code: 'CONNECTION' });
  expect([rsi, macd, other].map((each) => features.peek(each))).toEqual([undefined, undefined, undefined]);
  gives[0]!(1);
  await load;
  expect(await features.get(rsi)).toBeNull();
});

it('ends the lease of an unaffected load that deleteWhere keeps from storing', async () => {
  const { features, others, timers } = await open();
  const { loader, gives } = manualLoader();
  const load = features.getOrLoad(other, loader);
  await settled();
  await features.deleteWhere({ symbol: 'AAPL' });
  gives[0]!(1);
  expect(await load).toBe(1);
  timers.advance(1);
  expect(await features.getOrLoad(other, async () => 2)).toBe(2);
  expect(await others.get(other)).toBe(2);
});

it('deletes cached absences by deleteWhere', async () => {
  const { features } = await open({ negativeTtlMs: 5_000 });
  expect(await features.getOrLoad(rsi, async () => null)).toBeNull();
  expect(await features.getOrLoad(rsi, async () => 1)).toBeNull();
  await features.deleteWhere({ symbol: 'AAPL' });
  expect(await features.getOrLoad(rsi, async () => 1)).toBe(1);
});

it('ends deleteWhere after deleteWhereMs, or earlier for its caller', async () => {
  const { features, here, timers } = await filled({}, { deleteWhereMs: 5_000 });
  here.secondLevel.setFault('hangs', 'deleteWhere');
  const outcome = (deletion: Promise<void>) => deletion.catch((error: unknown) => error);
  const deletion = outcome(features.deleteWhere({}));
  const impatient = outcome(features.deleteWhere({}, { deadline: timers.now() + 100 }));
  const isOver: boolean[] = [];
  void deletion.then(() => isOver.push(true));
  await settled();
  timers.advance(100);
  expect(await impatient).toMatchObject({ code: 'TIMEOUT', operation: 'cache.deleteWhere' });
  timers.advance(4_899);
  await settled();
  expect(isOver).toEqual([]);
  timers.advance(1);
  expect(await deletion).toMatchObject({ code: 'TIMEOUT', operation: 'cache.deleteWhere' });
});

it('suspends deleteWhere while the breaker of writes is open', async () => {
  const { features, here } = await open();
  here.secondLevel.setFault('throws', 'deleteWhere');
  for (let i = 0; i < 5; i++)
    await expect(features.deleteWhere({})).rejects.toMatchObject({ code: 'CONNECTION' });
  expect(here.cache.health()).toMatchObject({ reads: 'closed', writes: 'open' });
  await expect(features.deleteWhere({})).rejects.toMatchObject({ code: 'CACHE' });
  expect(here.secondLevel.count('deleteWhere')).toBe(5);
});

it('refuses parts in deleteWhere that the keyspace does not have', async () => {
  const { features, here } = await filled();
  const parts = { symbool: 'AAPL' } as object;
  await expect(features.deleteWhere(parts)).rejects.toMatchObject({ code: 'VALIDATION', field: 'symbool' });
  expect(features.peek(rsi)).toBe(1);
  expect(here.secondLevel.count('deleteWhere')).toBe(0);
});
