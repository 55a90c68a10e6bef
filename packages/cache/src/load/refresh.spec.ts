import { manualLoader, openFeatures, RSI, RSI_KEY } from '../testing/features.js';
import { settled } from '../testing/cluster.js';

it('caches absence for negativeTtlMs until the key is written', async () => {
  const { features, others, timers, here } = await openFeatures({ negativeTtlMs: 1_000 }, 2);
  expect(await features.getOrLoad(RSI, async () => null)).toBeNull();
  expect(await features.getOrLoad(RSI, async () => 1)).toBeNull();
  expect(await others.getOrLoad(RSI, async () => 1)).toBeNull();
  expect(await features.get(RSI)).toBeNull();
  expect(await features.getMany([RSI])).toEqual([null]);
  expect(await features.exists(RSI)).toBe(false);
  expect(features.peek(RSI)).toBeUndefined();
  expect(here.cache.stats().loads).toBe(1);
  timers.advance(1_000);
  expect(await features.getOrLoad(RSI, async () => null)).toBeNull();
  await others.set(RSI, 2);
  expect(await features.get(RSI)).toBe(2);
});

it('does not reload an absence that expires while it is read', async () => {
  const { features, others, backend, timers, here } = await openFeatures({ negativeTtlMs: 50 }, 2);
  await others.getOrLoad(RSI, async () => null);
  const { cache } = backend;
  const answer = cache.getEntryOrSet.bind(cache);
  cache.getEntryOrSet = async (...call) => {
    const entry = await answer(...call);
    timers.advance(100);
    return entry;
  };
  expect(await features.getOrLoad(RSI, async () => 1)).toBeNull();
  await settled();
  expect(here.cache.stats()).toMatchObject({ loads: 0, refreshes: 0 });
});

it('does not cache absence by default', async () => {
  const { features, foreign } = await openFeatures();
  expect(await features.getOrLoad(RSI, async () => null)).toBeNull();
  expect(await foreign.exists(RSI_KEY)).toBe(false);
  expect(await features.getOrLoad(RSI, async () => 1)).toBe(1);
});

it('reloads a value early, once, in the background', async () => {
  const { features, timers, here } = await openFeatures({ eagerRefreshAt: 0.8 });
  await features.set(RSI, 1);
  await features.get(RSI);
  timers.advance(240_000 - 1);
  const { loader, calls } = manualLoader();
  await features.getOrLoad(RSI, loader);
  expect(calls).toHaveLength(0);
  timers.advance(1);
  for (let i = 0; i < 10; i++) expect(await features.getOrLoad(RSI, loader)).toBe(1);
  expect(calls).toHaveLength(1);
  calls[0]!.resolve(2);
  await settled();
  expect(await features.getOrLoad(RSI, loader)).toBe(2);
  timers.advance(239_999);
  expect(await features.get(RSI)).toBe(2);
  expect(here.cache.stats()).toMatchObject({ refreshes: 1, staleServed: 0 });
});

it('serves a stale value from getOrLoad while it is reloaded', async () => {
  const { features, timers, here } = await openFeatures({ staleWhileRevalidateMs: 60_000 });
  await features.set(RSI, 1);
  await features.get(RSI);
  timers.advance(300_000);
  expect(features.peek(RSI)).toBeUndefined();
  expect(await features.get(RSI)).toBeNull();
  const { loader, calls } = manualLoader();
  expect(await features.getOrLoad(RSI, loader)).toBe(1);
  calls[0]!.resolve(2);
  await settled();
  expect(await features.get(RSI)).toBe(2);
  expect(here.cache.stats()).toMatchObject({ staleServed: 1 });
  timers.advance(360_000);
  expect(await features.getOrLoad(RSI, async () => 3)).toBe(3);
});

it('keeps the old value when a reload fails, and pauses reloads', async () => {
  const { features, timers, here } = await openFeatures({ staleWhileRevalidateMs: 60_000 });
  await features.set(RSI, 1);
  timers.advance(300_000);
  const failing = async () => {
    throw new Error('no database');
  };
  for (let i = 0; i < 10; i++) {
    expect(await features.getOrLoad(RSI, failing)).toBe(1);
    await settled();
  }
  expect(here.cache.stats()).toMatchObject({ loads: 1, failedRefreshes: 1 });
  timers.advance(1_000);
  expect(await features.getOrLoad(RSI, async () => 2)).toBe(1);
  await settled();
  expect(await features.get(RSI)).toBe(2);
});

it('drops a reloaded value when the key was written meanwhile', async () => {
  const { features, others, here, timers } = await openFeatures({ eagerRefreshAt: 0.5 }, 2);
  await features.set(RSI, 1);
  timers.advance(200_000);
  const { loader, calls } = manualLoader();
  await features.getOrLoad(RSI, loader);
  here.invalidations.delay();
  await others.set(RSI, 3);
  calls[0]!.resolve(2);
  await settled();
  here.invalidations.deliver();
  expect(await features.get(RSI)).toBe(3);
});
