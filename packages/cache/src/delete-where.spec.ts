import { keyspaces } from '@quantumtrade/dal-domain';
import type { CoherentCacheOptions } from './coherent-cache.js';
import type { KeyspaceOptions } from './options.js';
import { openCluster, settled } from './testing/processes.js';

const rsi = { symbol: 'AAPL', featureName: 'rsi' };
const macd = { symbol: 'AAPL', featureName: 'macd' };
const other = { symbol: 'MSFT', featureName: 'rsi' };
const key = 'features:AAPL:rsi';

/** Two processes with the same keyspace. */
async function open(options?: KeyspaceOptions, cacheOptions?: CoherentCacheOptions) {
  const cluster = await openCluster(2, cacheOptions);
  const [here, there] = cluster.processes.map((process) => ({
    ...process,
    features: process.cache.keyspace(keyspaces.featureValue, options),
  }));
  return { ...cluster, here: here!, there: there!, features: here!.features, others: there!.features };
}

/** The same, with values that both have at hand. */
async function filled(options?: KeyspaceOptions, cacheOptions?: CoherentCacheOptions) {
  const world = await open(options, cacheOptions);
  await world.features.setMany([rsi, macd, other].map((parts, i) => [parts, i + 1]));
  for (const parts of [rsi, macd, other]) {
    await world.features.get(parts);
    await world.others.get(parts);
  }
  return world;
}

/** A loader that the test answers. */
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
])('deletes what has %j from both levels, of other processes too, and nothing else', async (parts, left) => {
  const { features, others, foreign } = await filled();
  await foreign.set('features:AAPL:latest', 'another keyspace', 60);
  await features.deleteWhere(parts);
  const atHand = left.map((value) => value ?? undefined);
  expect([rsi, macd, other].map((each) => features.peek(each))).toEqual(atHand);
  expect([rsi, macd, other].map((each) => others.peek(each))).toEqual(atHand);
  expect(await features.getMany([rsi, macd, other])).toEqual(left);
  expect(await foreign.exists('features:AAPL:latest')).toBe(true);
});

it('does not keep what was read before it or while it ran', async () => {
  const { features, here } = await filled();
  await features.set(rsi, 1);
  const answer = here.chaos.hold('getEntry', 'answer');
  const before = features.get(rsi);
  await settled();
  here.feed.delay();
  await features.deleteWhere({});
  answer();
  expect(await features.get(rsi)).toBeNull();
  expect(await before).toBe(1);
  expect(features.peek(rsi)).toBeUndefined();

  here.feed.deliver();
  await features.set(rsi, 4);
  await features.get(rsi);
  here.feed.delay();
  const goOn = here.chaos.hold('deleteWhere');
  const deletion = features.deleteWhere({});
  expect(features.peek(rsi)).toBeUndefined();
  expect(await features.get(rsi)).toBe(4);
  goOn();
  await deletion;
  expect(features.peek(rsi)).toBeUndefined();
});

it.each(['here', 'there'] as const)('has a load that is under way %s not be stored', async (where) => {
  for (const isTold of [true, false]) {
    const world = await open();
    const { loader, gives } = manualLoader();
    const load = world[where].features.getOrLoad(rsi, loader);
    await settled();
    if (!isTold) world[where].feed.delay();
    await world.features.deleteWhere({ symbol: 'AAPL' });
    const late = world.features.getOrLoad(rsi, loader);
    await settled();
    gives[0]!(1);
    expect(await load).toBe(1);
    gives[1]!(2);
    expect(await late).toBe(2);
    world[where].feed.deliver();
    expect(await world.features.get(rsi)).toBe(2);
    expect(await world.others.get(rsi)).toBe(2);
  }
});

it('has a load not be stored, nor a value served, even when the second level fails to delete', async () => {
  const { features, here, foreign } = await filled();
  await foreign.delete(key);
  const { loader, gives } = manualLoader();
  const load = features.getOrLoad(rsi, loader);
  await settled();
  here.chaos.be('throws', 'deleteWhere');
  await expect(features.deleteWhere({})).rejects.toMatchObject({ code: 'CONNECTION' });
  expect([rsi, macd, other].map((each) => features.peek(each))).toEqual([undefined, undefined, undefined]);
  gives[0]!(1);
  await load;
  expect(await features.get(rsi)).toBeNull();
});

it('leaves no mark behind of a load that it keeps from being stored without need', async () => {
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

it('forgets that there was nothing', async () => {
  const { features } = await open({ negativeTtlMs: 5_000 });
  expect(await features.getOrLoad(rsi, async () => null)).toBeNull();
  expect(await features.getOrLoad(rsi, async () => 1)).toBeNull();
  await features.deleteWhere({ symbol: 'AAPL' });
  expect(await features.getOrLoad(rsi, async () => 1)).toBe(1);
});

it('may take a time of its own, of which a caller waits as long as he likes', async () => {
  const { features, here, timers } = await filled({}, { deleteWhereMs: 5_000 });
  here.chaos.be('hangs', 'deleteWhere');
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

it('is suspended with the other writes when they keep failing', async () => {
  const { features, here } = await open();
  here.chaos.be('throws', 'deleteWhere');
  for (let i = 0; i < 5; i++)
    await expect(features.deleteWhere({})).rejects.toMatchObject({ code: 'CONNECTION' });
  expect(here.cache.health()).toMatchObject({ reads: 'closed', writes: 'open' });
  await expect(features.deleteWhere({})).rejects.toMatchObject({ code: 'CACHE' });
  expect(here.chaos.count('deleteWhere')).toBe(5);
});

it('refuses parts that the keyspace does not have', async () => {
  const { features, here } = await filled();
  const parts = { symbool: 'AAPL' } as object;
  await expect(features.deleteWhere(parts)).rejects.toMatchObject({ code: 'VALIDATION', field: 'symbool' });
  expect(features.peek(rsi)).toBe(1);
  expect(here.chaos.count('deleteWhere')).toBe(0);
});
