import { openFeatures, RSI, RSI_KEY } from '../testing/features.js';
import { settled } from '../testing/cluster.js';

const open = () => openFeatures({}, 2, { reportsOwnStores: true });

it('drops a loaded value at the notification of its store', async () => {
  const { features, here } = await open();
  here.invalidations.delay();
  expect(await features.getOrLoad(RSI, async () => 1)).toBe(1);
  expect(features.peek(RSI)).toBe(1);
  here.invalidations.deliver();
  expect(features.peek(RSI)).toBeUndefined();
  for (let n = 0; n < 3; n++) expect(await features.get(RSI)).toBe(1);
  expect(here.secondLevel.calls).toEqual(['getEntryOrSet', 'setIfUnchanged', 'getEntry']);
  expect(here.cache.stats()).toMatchObject({ loads: 1, unstoredLoads: 0 });
});

it('asks the second level for nothing after a load', async () => {
  const { features, here, all } = await open();
  await features.getOrLoad(RSI, async () => 1);
  await settled();
  expect(here.secondLevel.calls).toEqual(['getEntryOrSet', 'setIfUnchanged']);
  expect(all[1]!.peek(RSI)).toBeUndefined();
});

it('keeps no value read again that changes meanwhile', async () => {
  const { features, here, foreign } = await open();
  await features.getOrLoad(RSI, async () => 1);
  await settled();
  const release = here.secondLevel.hold('getEntry', 'answer');
  const read = features.get(RSI);
  await settled();
  await foreign.set(RSI_KEY, 2, 60);
  await foreign.set(RSI_KEY, 3, 60);
  release();
  await read;
  expect([undefined, 3]).toContain(features.peek(RSI));
  expect(await features.get(RSI)).toBe(3);
});
