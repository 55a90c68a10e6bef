import { keyspaces } from '@quantumtrade/dal-domain';
import type { Loader } from './load/load-coordinator.js';
import type { KeyspaceOptions } from './options.js';
import { openCluster, settled } from './testing/processes.js';

const rsi = { symbol: 'AAPL', featureName: 'rsi' };
const key = 'features:AAPL:rsi';

/** A loader whose answers are given by the test. */
function manualLoader() {
  const calls: { give: (value: number | null) => void; fail: (error: Error) => void; signal: AbortSignal }[] =
    [];
  const loader: Loader<number> = ({ signal }) =>
    new Promise((give, fail) => calls.push({ give, fail, signal: signal! }));
  return { loader, calls };
}

async function open(options?: KeyspaceOptions, size = 1) {
  const cluster = await openCluster(size);
  const features = cluster.processes.map(({ cache }) => cache.keyspace(keyspaces.featureValue, options));
  return {
    ...cluster,
    here: cluster.processes[0]!,
    features: features[0]!,
    others: features[1]!,
    all: features,
  };
}

it('loads a missing value, stores it, and has it at hand after the next read', async () => {
  const { features, backend, timers } = await open();
  expect(await features.getOrLoad(rsi, async () => 1)).toBe(1);
  const entry = await backend.cache.getEntry(key, keyspaces.featureValue.codec);
  expect(entry).toEqual({ value: 1, expiresAt: timers.now() + 300_000 });
  expect(await features.getOrLoad(rsi, async () => 2)).toBe(1);
  expect(features.peek(rsi)).toBe(1);
});

it('takes two calls to the second level for a load, and one for a value that is there', async () => {
  const { features, here, foreign } = await open();
  await features.getOrLoad(rsi, async () => 1);
  expect(here.chaos.calls).toEqual(['getEntryOrSet', 'setIfUnchanged']);
  await foreign.set(key, 2, 60);
  expect(await features.getOrLoad(rsi, async () => 3)).toBe(2);
  expect(here.chaos.calls.slice(2)).toEqual(['getEntryOrSet']);
});

it('leaves no mark where a reader who cannot load finds nothing', async () => {
  const { features, foreign } = await open();
  expect(await features.get(rsi)).toBeNull();
  expect(await foreign.exists(key)).toBe(false);
});

it('loads once for all callers of this process, those included who come while it is loaded', async () => {
  const { features, here } = await open();
  const { loader, calls } = manualLoader();
  const early = Array.from({ length: 1_000 }, () => features.getOrLoad(rsi, loader));
  await settled();
  const late = Array.from({ length: 1_000 }, () => features.getOrLoad(rsi, loader));
  expect(new Set([...early, ...late]).size).toBe(2_000);
  await settled();
  calls[0]!.give(7);
  expect(new Set(await Promise.all([...early, ...late]))).toEqual(new Set([7]));
  expect(calls).toHaveLength(1);
  expect(here.cache.stats()).toMatchObject({ loads: 1, unstoredLoads: 0 });
});

it('loads once in every process, and stores the value of the first', async () => {
  const { all, foreign } = await open({}, 4);
  const { loader, calls } = manualLoader();
  const reads = all.flatMap((features) => Array.from({ length: 100 }, () => features.getOrLoad(rsi, loader)));
  await settled();
  expect(calls).toHaveLength(4);
  calls.forEach(({ give }, i) => give(i));
  await Promise.all(reads);
  expect(await foreign.get(key, { parse: Number })).toBe(0);
});

it('loads once in all processes if the keyspace says so', async () => {
  const { all, timers } = await open({ onceInCluster: true }, 4);
  const { loader, calls } = manualLoader();
  const reads = all.flatMap((features) => Array.from({ length: 100 }, () => features.getOrLoad(rsi, loader)));
  await settled();
  calls[0]!.give(7);
  await settled();
  timers.advance(25);
  expect(new Set(await Promise.all(reads))).toEqual(new Set([7]));
  expect(calls).toHaveLength(1);
});

it('loads in another process when the one that was to load is gone', async () => {
  const { features, foreign, timers } = await open({ onceInCluster: true, loadTimeoutMs: 1_000 });
  await foreign.set(key, { 'quantumtrade:cache': 'loading', token: 'of a dead process' }, 1);
  const read = features.getOrLoad(rsi, async () => 7);
  for (let i = 0; i < 41; i++) {
    await settled();
    timers.advance(25);
  }
  expect(await read).toBe(7);
});

it.each([
  ['sets it', (c: { others: { set(p: typeof rsi, v: number): Promise<void> } }) => c.others.set(rsi, 2), 2],
  ['deletes it', (c: { others: { delete(p: typeof rsi): Promise<boolean> } }) => c.others.delete(rsi), null],
] as const)(
  'does not store what was loaded before another process %s, told or not yet told',
  async (_, change, after) => {
    for (const isTold of [true, false]) {
      const world = await open({}, 2);
      const { loader, calls } = manualLoader();
      const read = world.features.getOrLoad(rsi, loader);
      await settled();
      if (!isTold) world.here.feed.delay();
      await change(world);
      calls[0]!.give(1);
      expect(await read).toBe(1);
      world.here.feed.deliver();
      expect(await world.features.get(rsi)).toBe(after);
      expect(world.here.cache.stats().unstoredLoads).toBe(1);
    }
  },
);

it('does not store what was loaded before this process failed to delete it', async () => {
  const { features, here, foreign } = await open();
  const { loader, calls } = manualLoader();
  const read = features.getOrLoad(rsi, loader);
  await settled();
  here.chaos.be('throws', 'delete');
  await expect(features.delete(rsi)).rejects.toMatchObject({ code: 'CONNECTION' });
  calls[0]!.give(1);
  expect(await read).toBe(1);
  here.chaos.be('works');
  expect(await features.get(rsi)).toBeNull();
  expect(await foreign.exists(key)).toBe(true);
});

it('gives a reader who comes after a change no load that began before it', async () => {
  const { features, others } = await open({}, 2);
  const { loader, calls } = manualLoader();
  const early = features.getOrLoad(rsi, loader);
  await settled();
  await others.delete(rsi);
  const late = features.getOrLoad(rsi, loader);
  await settled();
  calls[0]!.give(1);
  calls[1]!.give(2);
  expect(await Promise.all([early, late])).toEqual([1, 2]);
  expect(await features.get(rsi)).toBe(2);
});

it('ends only the waiting of a caller who gives up, and the load when nobody waits', async () => {
  const { features, timers } = await open();
  const { loader, calls } = manualLoader();
  const controller = new AbortController();
  const first = features.getOrLoad(rsi, loader, { signal: controller.signal });
  const second = features.getOrLoad(rsi, loader, { deadline: timers.now() + 100 });
  await settled();
  controller.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  await settled();
  expect(calls[0]!.signal.aborted).toBe(false);
  timers.advance(100);
  await expect(second).rejects.toMatchObject({ code: 'TIMEOUT' });
  await settled();
  expect(calls[0]!.signal.aborted).toBe(true);
  const third = features.getOrLoad(rsi, loader);
  await settled();
  calls[1]!.give(3);
  expect(await third).toBe(3);
});

it('does not begin a load for who gave up before it, and leaves no mark', async () => {
  const { features, here, foreign } = await open();
  const { loader, calls } = manualLoader();
  const goOn = here.chaos.hold('getEntryOrSet');
  const controller = new AbortController();
  const read = features.getOrLoad(rsi, loader, { signal: controller.signal });
  await settled();
  controller.abort(new Error('enough'));
  await expect(read).rejects.toThrow('enough');
  goOn();
  await settled();
  expect(calls).toHaveLength(0);
  expect(await foreign.exists(key)).toBe(false);
});

it('ends a load that takes too long, with an error that does not show the key', async () => {
  const { features, timers, foreign } = await open({ loadTimeoutMs: 500 });
  const { loader, calls } = manualLoader();
  const read = features.getOrLoad(rsi, loader);
  await settled();
  timers.advance(500);
  const error = await read.catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'TIMEOUT', operation: 'cache.load' });
  expect(String(error)).not.toContain('AAPL');
  expect(calls[0]!.signal.aborted).toBe(true);
  expect(await foreign.exists(key)).toBe(false);
});

it("gives all callers the loader's error, and loads anew for the next", async () => {
  const { features, foreign } = await open();
  const { loader, calls } = manualLoader();
  const reads = [features.getOrLoad(rsi, loader), features.getOrLoad(rsi, loader)];
  await settled();
  calls[0]!.fail(new Error('no database'));
  for (const read of reads) await expect(read).rejects.toThrow('no database');
  expect(await foreign.exists(key)).toBe(false);
  expect(await features.getOrLoad(rsi, async () => 2)).toBe(2);
});

it('refuses a loaded value that is none of the keyspace', async () => {
  const { features, foreign } = await open();
  const read = features.getOrLoad(rsi, async () => 'x' as unknown as number);
  await expect(read).rejects.toMatchObject({ code: 'VALIDATION' });
  expect(await foreign.exists(key)).toBe(false);
});

it('remembers that there is nothing if the keyspace says so, until somebody writes', async () => {
  const { features, others, timers, here } = await open({ negativeTtlMs: 1_000 }, 2);
  expect(await features.getOrLoad(rsi, async () => null)).toBeNull();
  expect(await features.getOrLoad(rsi, async () => 1)).toBeNull();
  expect(await others.getOrLoad(rsi, async () => 1)).toBeNull();
  expect(await features.get(rsi)).toBeNull();
  expect(await features.getMany([rsi])).toEqual([null]);
  expect(await features.exists(rsi)).toBe(false);
  expect(features.peek(rsi)).toBeUndefined();
  expect(here.cache.stats().loads).toBe(1);
  timers.advance(1_000);
  expect(await features.getOrLoad(rsi, async () => null)).toBeNull();
  await others.set(rsi, 2);
  expect(await features.get(rsi)).toBe(2);
});

it('does not reload what is remembered to be nothing, though it ends while it is read', async () => {
  const { features, others, backend, timers, here } = await open({ negativeTtlMs: 50 }, 2);
  await others.getOrLoad(rsi, async () => null);
  const { cache } = backend;
  const answer = cache.getEntryOrSet.bind(cache);
  cache.getEntryOrSet = async (...call) => {
    const entry = await answer(...call);
    timers.advance(100);
    return entry;
  };
  expect(await features.getOrLoad(rsi, async () => 1)).toBeNull();
  await settled();
  expect(here.cache.stats()).toMatchObject({ loads: 0, refreshes: 0 });
});

it('forgets at once that there is nothing by default', async () => {
  const { features, foreign } = await open();
  expect(await features.getOrLoad(rsi, async () => null)).toBeNull();
  expect(await foreign.exists(key)).toBe(false);
  expect(await features.getOrLoad(rsi, async () => 1)).toBe(1);
});

it('reloads a value early, in the background, once', async () => {
  const { features, timers, here } = await open({ eagerRefreshAt: 0.8 });
  await features.set(rsi, 1);
  await features.get(rsi);
  timers.advance(240_000 - 1);
  const { loader, calls } = manualLoader();
  await features.getOrLoad(rsi, loader);
  expect(calls).toHaveLength(0);
  timers.advance(1);
  for (let i = 0; i < 10; i++) expect(await features.getOrLoad(rsi, loader)).toBe(1);
  expect(calls).toHaveLength(1);
  calls[0]!.give(2);
  await settled();
  expect(await features.getOrLoad(rsi, loader)).toBe(2);
  timers.advance(239_999);
  expect(await features.get(rsi)).toBe(2);
  expect(here.cache.stats()).toMatchObject({ refreshes: 1, staleServed: 0 });
});

it('serves a value after its time while it is reloaded, to who can load', async () => {
  const { features, timers, here } = await open({ staleWhileRevalidateMs: 60_000 });
  await features.set(rsi, 1);
  await features.get(rsi);
  timers.advance(300_000);
  expect(features.peek(rsi)).toBeUndefined();
  expect(await features.get(rsi)).toBeNull();
  const { loader, calls } = manualLoader();
  expect(await features.getOrLoad(rsi, loader)).toBe(1);
  calls[0]!.give(2);
  await settled();
  expect(await features.get(rsi)).toBe(2);
  expect(here.cache.stats()).toMatchObject({ staleServed: 1 });
  timers.advance(360_000);
  expect(await features.getOrLoad(rsi, async () => 3)).toBe(3);
});

it('keeps the old value when reloading fails, and does not try again at once', async () => {
  const { features, timers, here } = await open({ staleWhileRevalidateMs: 60_000 });
  await features.set(rsi, 1);
  timers.advance(300_000);
  const failing = async () => {
    throw new Error('no database');
  };
  for (let i = 0; i < 10; i++) {
    expect(await features.getOrLoad(rsi, failing)).toBe(1);
    await settled();
  }
  expect(here.cache.stats()).toMatchObject({ loads: 1, failedRefreshes: 1 });
  timers.advance(1_000);
  expect(await features.getOrLoad(rsi, async () => 2)).toBe(1);
  await settled();
  expect(await features.get(rsi)).toBe(2);
});

it('does not put a reloaded value over one that was written meanwhile', async () => {
  const { features, others, here, timers } = await open({ eagerRefreshAt: 0.5 }, 2);
  await features.set(rsi, 1);
  timers.advance(200_000);
  const { loader, calls } = manualLoader();
  await features.getOrLoad(rsi, loader);
  here.feed.delay();
  await others.set(rsi, 3);
  calls[0]!.give(2);
  await settled();
  here.feed.deliver();
  expect(await features.get(rsi)).toBe(3);
});
