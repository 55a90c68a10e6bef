import { openFeatures, RSI, RSI_KEY } from '../testing/features.js';
import { settled } from '../testing/cluster.js';

const open = () => openFeatures({}, 2, { reportsOwnStores: true });

it('reads a loaded value again when its store is reported early', async () => {
  const { features, here } = await open();
  expect(await features.getOrLoad(RSI, async () => 1)).toBe(1);
  await settled();
  expect(features.peek(RSI)).toBe(1);
  expect(here.secondLevel.calls).toEqual(['getEntryOrSet', 'setIfUnchanged', 'getEntry']);
  expect(here.cache.stats()).toMatchObject({ loads: 1, unstoredLoads: 0 });
});

it('drops a loaded value at a notification, and reads it again', async () => {
  const { features, here } = await open();
  here.invalidations.delay();
  expect(await features.getOrLoad(RSI, async () => 1)).toBe(1);
  expect(features.peek(RSI)).toBe(1);
  here.invalidations.deliver();
  expect(features.peek(RSI)).toBeUndefined();
  await settled();
  expect(features.peek(RSI)).toBe(1);
  expect(here.secondLevel.count('getEntry')).toBeLessThanOrEqual(2);
});

it('keeps no value read again that changes meanwhile', async () => {
  const { features, here, foreign } = await open();
  const release = here.secondLevel.hold('getEntry', 'answer');
  await features.getOrLoad(RSI, async () => 1);
  await settled();
  await foreign.set(RSI_KEY, 2, 60);
  await foreign.set(RSI_KEY, 3, 60);
  release();
  await settled();
  expect([undefined, 3]).toContain(features.peek(RSI));
  expect(await features.get(RSI)).toBe(3);
});

it('reads nothing again when a key changes long after its store', async () => {
  const { features, here, foreign, timers } = await open();
  await features.getOrLoad(RSI, async () => 1);
  await settled();
  const calls = here.secondLevel.calls.length;
  timers.advance(1_000);
  await foreign.set(RSI_KEY, 2, 60);
  await settled();
  expect(here.secondLevel.calls).toHaveLength(calls);
  expect(features.peek(RSI)).toBeUndefined();
});

it('reads a key again at most twice for one load', async () => {
  const { features, here, foreign } = await open();
  await features.getOrLoad(RSI, async () => 1);
  for (let value = 2; value < 10; value++) {
    await settled();
    await foreign.set(RSI_KEY, value, 60);
  }
  await settled();
  expect(here.secondLevel.count('getEntry')).toBe(2);
});

it('reads nothing again while disconnected', async () => {
  const { features, here } = await open();
  here.invalidations.disconnect();
  await features.getOrLoad(RSI, async () => 1);
  await settled();
  expect(here.secondLevel.count('getEntry')).toBe(0);
});

it('the other process reads nothing again', async () => {
  const { features, all } = await open();
  await features.getOrLoad(RSI, async () => 1);
  await settled();
  expect(all[1]!.peek(RSI)).toBeUndefined();
});
