import { ManualClock } from '@quantumtrade/dal-runtime';
import { memoryCacheBackend } from './cache-backend.js';
import { ExpiringStore } from './memory-cache.js';

const text = { kind: 'text', value: 'x' } as const;

it('the store removes expired entries that are never read', () => {
  const clock = new ManualClock(0);
  const store = new ExpiringStore(clock);
  let most = 0;
  for (let i = 0; i < 100_000; i++) {
    clock.advance(1);
    store.write(`key-${i}`, text, 500);
    most = Math.max(most, store.size);
  }
  expect(most).toBeLessThanOrEqual(1_024);
  expect(store.keys()).toHaveLength(500);
});

it('keeps every entry that is alive, however many there are', () => {
  const clock = new ManualClock(0);
  const store = new ExpiringStore(clock);
  for (let i = 0; i < 10_000; i++) store.write(`key-${i}`, text, 1_000);
  expect(store.size).toBe(10_000);
  clock.advance(999);
  expect(store.has('key-0')).toBe(true);
  clock.advance(1);
  expect(store.has('key-0')).toBe(false);
  expect(store.keys()).toEqual([]);
});

it('follows the system clock when none is given', async () => {
  const { cache } = memoryCacheBackend();
  await cache.set('key', 1, 3_600);
  expect(await cache.exists('key')).toBe(true);
});
