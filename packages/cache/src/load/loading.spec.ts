import type { CallOptions } from '@quantumtrade/dal-domain';
import { keyspaces } from '@quantumtrade/dal-domain';
import { manualLoader, openFeatures, RSI, RSI_KEY } from '../testing/features.js';
import { settled } from '../testing/cluster.js';

it('serves a loaded value from the first level at once', async () => {
  const { features, backend, here, timers } = await openFeatures();
  expect(await features.getOrLoad(RSI, async () => 1)).toBe(1);
  expect(features.peek(RSI)).toBe(1);
  expect(here.secondLevel.calls).toEqual(['getEntryOrSet', 'setIfUnchanged']);
  const entry = await backend.cache.getEntry(RSI_KEY, keyspaces.featureValue.codec);
  expect(entry).toEqual({ value: 1, expiresAt: timers.now() + 300_000 });
  expect(await features.getOrLoad(RSI, async () => 2)).toBe(1);
  timers.advance(300_000);
  expect(features.peek(RSI)).toBeUndefined();
});

it('drops a loaded value when its key changes while it is stored', async () => {
  const { features, foreign, here } = await openFeatures();
  const answer = here.secondLevel.hold('setIfUnchanged', 'answer');
  const read = features.getOrLoad(RSI, async () => 1);
  await settled();
  await foreign.set(RSI_KEY, 2, 60);
  answer();
  expect(await read).toBe(1);
  expect(features.peek(RSI)).toBeUndefined();
  expect(await features.get(RSI)).toBe(2);
});

it('keeps a value loaded while disconnected for its staleness bound', async () => {
  const { features, here, timers } = await openFeatures({ stalenessMs: 100 });
  here.invalidations.disconnect();
  expect(await features.getOrLoad(RSI, async () => 1)).toBe(1);
  timers.advance(99);
  expect(features.peek(RSI)).toBe(1);
  timers.advance(1);
  expect(features.peek(RSI)).toBeUndefined();
});

it.each(['get', 'getOrLoad'] as const)(
  'keeps nothing of %s while disconnected without a bound',
  async (read) => {
    let now = 1_000_000;
    const steppingBack = { now: () => now-- };
    const { features, foreign, here } = await openFeatures({ stalenessMs: 0 }, 1, { time: steppingBack });
    here.invalidations.disconnect();
    if (read === 'get') await foreign.set(RSI_KEY, 1, 60);
    expect(await features[read](RSI, async () => 1)).toBe(1);
    expect(features.peek(RSI)).toBeUndefined();
  },
);

it('takes two second-level calls for a load and one for a hit', async () => {
  const { features, here, foreign } = await openFeatures();
  await features.getOrLoad(RSI, async () => 1);
  expect(here.secondLevel.calls).toEqual(['getEntryOrSet', 'setIfUnchanged']);
  await foreign.set(RSI_KEY, 2, 60);
  expect(await features.getOrLoad(RSI, async () => 3)).toBe(2);
  expect(here.secondLevel.calls.slice(2)).toEqual(['getEntryOrSet']);
});

it('sets no lease when get finds no value', async () => {
  const { features, foreign } = await openFeatures();
  expect(await features.get(RSI)).toBeNull();
  expect(await foreign.exists(RSI_KEY)).toBe(false);
});

it('shares one load with callers who come while it runs', async () => {
  const { features, here } = await openFeatures();
  const { loader, calls } = manualLoader();
  const early = Array.from({ length: 1_000 }, () => features.getOrLoad(RSI, loader));
  await settled();
  const late = Array.from({ length: 1_000 }, () => features.getOrLoad(RSI, loader));
  expect(new Set([...early, ...late]).size).toBe(2_000);
  await settled();
  calls[0]!.resolve(7);
  expect(new Set(await Promise.all([...early, ...late]))).toEqual(new Set([7]));
  expect(calls).toHaveLength(1);
  expect(here.cache.stats()).toMatchObject({ loads: 1, unstoredLoads: 0 });
});

it('loads once in each process and stores the first value', async () => {
  const { all, foreign } = await openFeatures({}, 4);
  const { loader, calls } = manualLoader();
  const reads = all.flatMap((features) => Array.from({ length: 100 }, () => features.getOrLoad(RSI, loader)));
  await settled();
  expect(calls).toHaveLength(4);
  calls.forEach(({ resolve }, i) => resolve(i));
  await Promise.all(reads);
  expect(await foreign.get(RSI_KEY, { parse: Number })).toBe(0);
});

it('loads once in all processes with onceInCluster', async () => {
  const { all, timers } = await openFeatures({ onceInCluster: true }, 4);
  const { loader, calls } = manualLoader();
  const reads = all.flatMap((features) => Array.from({ length: 100 }, () => features.getOrLoad(RSI, loader)));
  await settled();
  calls[0]!.resolve(7);
  await settled();
  timers.advance(25);
  expect(new Set(await Promise.all(reads))).toEqual(new Set([7]));
  expect(calls).toHaveLength(1);
});

it('loads in another process when the loading process is gone', async () => {
  const { features, foreign, timers } = await openFeatures({ onceInCluster: true, loadTimeoutMs: 1_000 });
  await foreign.set(RSI_KEY, { 'quantumtrade:cache': 'loading', token: 'of a dead process' }, 1);
  const read = features.getOrLoad(RSI, async () => 7);
  for (let i = 0; i < 41; i++) {
    await settled();
    timers.advance(25);
  }
  expect(await read).toBe(7);
});

it.each([
  ['sets it', (c: { others: { set(p: typeof RSI, v: number): Promise<void> } }) => c.others.set(RSI, 2), 2],
  ['deletes it', (c: { others: { delete(p: typeof RSI): Promise<boolean> } }) => c.others.delete(RSI), null],
] as const)('drops a value loaded before another process %s', async (_, change, after) => {
  for (const isAnnounced of [true, false]) {
    const cluster = await openFeatures({}, 2);
    const { loader, calls } = manualLoader();
    const read = cluster.features.getOrLoad(RSI, loader);
    await settled();
    if (!isAnnounced) cluster.here.invalidations.delay();
    await change(cluster);
    calls[0]!.resolve(1);
    expect(await read).toBe(1);
    cluster.here.invalidations.deliver();
    expect(await cluster.features.get(RSI)).toBe(after);
    expect(cluster.here.cache.stats().unstoredLoads).toBe(1);
  }
});

it('drops a value loaded before a failed delete of this process', async () => {
  const { features, here, foreign } = await openFeatures();
  const { loader, calls } = manualLoader();
  const read = features.getOrLoad(RSI, loader);
  await settled();
  here.secondLevel.setFault('throws', 'delete');
  await expect(features.delete(RSI)).rejects.toMatchObject({ code: 'CONNECTION' });
  calls[0]!.resolve(1);
  expect(await read).toBe(1);
  here.secondLevel.setFault('works');
  expect(await features.get(RSI)).toBeNull();
  expect(await foreign.exists(RSI_KEY)).toBe(true);
});

it('starts a new load for a reader who comes after a change', async () => {
  const { features, others } = await openFeatures({}, 2);
  const { loader, calls } = manualLoader();
  const early = features.getOrLoad(RSI, loader);
  await settled();
  await others.delete(RSI);
  const late = features.getOrLoad(RSI, loader);
  await settled();
  calls[0]!.resolve(1);
  calls[1]!.resolve(2);
  expect(await Promise.all([early, late])).toEqual([1, 2]);
  expect(await features.get(RSI)).toBe(2);
});

it('aborts a load only when its last caller has given up', async () => {
  const { features, timers } = await openFeatures();
  const { loader, calls } = manualLoader();
  const controller = new AbortController();
  const first = features.getOrLoad(RSI, loader, { signal: controller.signal });
  const second = features.getOrLoad(RSI, loader, { deadline: timers.now() + 100 });
  await settled();
  controller.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  await settled();
  expect(calls[0]!.signal.aborted).toBe(false);
  timers.advance(100);
  await expect(second).rejects.toMatchObject({ code: 'TIMEOUT' });
  await settled();
  expect(calls[0]!.signal.aborted).toBe(true);
  const third = features.getOrLoad(RSI, loader);
  await settled();
  calls[1]!.resolve(3);
  expect(await third).toBe(3);
});

it('starts no load when its caller has given up before', async () => {
  const { features, here, foreign } = await openFeatures();
  const { loader, calls } = manualLoader();
  const release = here.secondLevel.hold('getEntryOrSet');
  const controller = new AbortController();
  const read = features.getOrLoad(RSI, loader, { signal: controller.signal });
  await settled();
  controller.abort(new Error('enough'));
  await expect(read).rejects.toThrow('enough');
  release();
  await settled();
  expect(calls).toHaveLength(0);
  expect(await foreign.exists(RSI_KEY)).toBe(false);
});

it('rejects with what a loader throws synchronously and leaves no timer', async () => {
  const { features, timers } = await openFeatures();
  const loaded = features.getOrLoad(RSI, () => {
    throw new RangeError('broken');
  });
  await expect(loaded).rejects.toThrow('broken');
  expect(timers.pendingTimers).toBe(0);
});

it('ends a load after loadTimeoutMs with an error without the key', async () => {
  const { features, timers, foreign } = await openFeatures({ loadTimeoutMs: 500 });
  const { loader, calls } = manualLoader();
  const read = features.getOrLoad(RSI, loader);
  await settled();
  timers.advance(500);
  const error = await read.catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'TIMEOUT', operation: 'cache.load' });
  expect(String(error)).not.toContain('AAPL');
  expect(calls[0]!.signal.aborted).toBe(true);
  expect(await foreign.exists(RSI_KEY)).toBe(false);
});

it('rejects for all callers when the loader fails, and loads anew afterwards', async () => {
  const { features, foreign } = await openFeatures();
  const { loader, calls } = manualLoader();
  const reads = [features.getOrLoad(RSI, loader), features.getOrLoad(RSI, loader)];
  await settled();
  calls[0]!.reject(new Error('no database'));
  for (const read of reads) await expect(read).rejects.toThrow('no database');
  expect(await foreign.exists(RSI_KEY)).toBe(false);
  expect(await features.getOrLoad(RSI, async () => 2)).toBe(2);
});

it('refuses a loaded value that does not match the schema', async () => {
  const { features, foreign } = await openFeatures();
  const read = features.getOrLoad(RSI, async () => 'x' as unknown as number);
  await expect(read).rejects.toMatchObject({ code: 'VALIDATION' });
  expect(await foreign.exists(RSI_KEY)).toBe(false);
});

it('gives a loader that ends itself deadline and, if needed, signal', async () => {
  const { features, timers } = await openFeatures({ endsLateLoads: false, loadTimeoutMs: 500 });
  const limits: CallOptions[] = [];
  const load = (options: CallOptions) => {
    limits.push(options);
    return new Promise<never>((_, reject) =>
      timers.after(options.deadline! - timers.now(), () => reject(new Error('late'))),
    );
  };
  const unlimited = features.getOrLoad(RSI, load);
  const limited = features.getOrLoad({ ...RSI, symbol: 'B' }, load, { deadline: timers.now() + 100 });
  await settled();
  expect(limits[0]).toEqual({ deadline: timers.now() + 500 });
  timers.advance(100);
  await expect(limited).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(limits[1]!.signal!.aborted).toBe(true);
  timers.advance(400);
  await expect(unlimited).rejects.toThrow('late');
  expect(await features.getOrLoad(RSI, async () => 1)).toBe(1);
});
