import { objectStoreModelTest, objectStoreSuite } from '@quantumtrade/dal-conformance';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { MemoryObjectStore } from './memory-object-store.js';

const runner = { describe, it, beforeAll, afterAll, beforeEach, expect };

const open = async () => {
  const store = new MemoryObjectStore();
  return { store, locks: true, close: () => store.close() };
};

objectStoreSuite(runner, open);
objectStoreModelTest(runner, open, { runs: 100 });

it('unlocks an object when its time has come', async () => {
  const clock = new ManualClock();
  const store = new MemoryObjectStore(clock);
  await store.put('a', Uint8Array.of(1), { retainUntil: new Date(clock.now() + 1_000) });
  const locked = {
    kind: 'OBJECT_LOCKED',
    message: expect.stringContaining('the object a is locked until 1970-'),
  };
  await expect(store.put('a', Uint8Array.of(2))).rejects.toMatchObject(locked);
  clock.advance(1_000);
  await store.deleteMany(['a']);
  expect(await store.get('a')).toBeUndefined();
});
