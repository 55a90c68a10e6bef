import { forEachConcurrently } from './for-each-concurrently.js';
import { sleep } from './sleep.js';
import { systemClock } from './clock.js';

it('runs as many actions at once as it may', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await forEachConcurrently([1, 2, 3, 4, 5], 2, async (item) => {
    most = Math.max(most, ++running);
    await sleep(1, systemClock);
    running--;
    done.push(item);
  });
  expect(most).toBe(2);
  expect(done.sort()).toEqual([1, 2, 3, 4, 5]);
});

it('begins no action after a failure and ends those in progress', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const run = forEachConcurrently([1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 1) throw new Error('first');
    await sleep(5, systemClock);
    ended.push(item);
  });
  await expect(run).rejects.toThrow('first');
  expect(begun).toEqual([1, 2]);
  expect(ended).toEqual([2]);
});

it('requests items from a generator as actions end', async () => {
  let requested = 0;
  async function* items() {
    for (; requested < 6; requested++) yield requested;
  }
  const ahead: number[] = [];
  let ended = 0;
  await forEachConcurrently(items(), 2, async () => {
    ahead.push(requested - ended);
    await sleep(1, systemClock);
    ended++;
  });
  expect(ended).toBe(6);
  expect(Math.max(...ahead)).toBeLessThanOrEqual(2);
});
