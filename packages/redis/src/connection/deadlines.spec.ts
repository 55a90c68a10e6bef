import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { until } from '@quantumtrade/dal-testing';
import { Deadlines } from './deadlines.js';

afterEach(() => jest.restoreAllMocks());

/** Deadlines after so many milliseconds each, and which of them have come. */
function pending(...spans: number[]) {
  const deadlines = new Deadlines();
  const come: number[] = [];
  const all = spans.map((ms) => deadlines.after(ms, () => come.push(ms)));
  return { deadlines, all, come };
}

it('lets each happen at its time, whatever the order in which they were made', async () => {
  const { come } = pending(30, 10, 20, 60_000);
  await until(async () => come.length >= 3);
  expect(come).toEqual([10, 20, 30]);
});

it('keeps to their order when the process was too busy for each', async () => {
  const { come } = pending(3, 1, 2);
  const begin = performance.now();
  while (performance.now() < begin + 10);
  await until(async () => come.length >= 3);
  expect(come).toEqual([1, 2, 3]);
});

it('lets none happen that was cancelled, and all of the others', async () => {
  const { deadlines, all, come } = pending(1, 2, 3, 4, 5);
  for (const i of [0, 4, 2, 2]) deadlines.cancel(all[i]!);
  await until(async () => come.length >= 2);
  await delay(10);
  expect(come).toEqual([2, 4]);
  for (const deadline of all) deadlines.cancel(deadline);
  deadlines.after(1, () => come.push(6));
  await until(async () => come.length >= 3);
  expect(come).toEqual([2, 4, 6]);
});

it('lets one that was made by another happen, too', async () => {
  const { deadlines, come } = pending();
  deadlines.after(1, () => deadlines.after(1, () => come.push(2)));
  await until(async () => come.length >= 1);
  expect(come).toEqual([2]);
});

it('waits for spans that are longer than a timer can run', async () => {
  const timers = jest.spyOn(globalThis, 'setTimeout');
  const { come } = pending(1e12);
  expect(timers).toHaveBeenCalledWith(expect.anything(), 2 ** 31 - 1);
  await delay(20);
  expect(come).toEqual([]);
});

it('leaves time to all else when looking through them takes long', async () => {
  const { deadlines, come } = pending(1);
  const clock = performance.now.bind(performance);
  let ahead = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => clock() + (ahead += 10));
  await until(async () => come.length >= 1);
  const timers = jest.spyOn(globalThis, 'setTimeout');
  deadlines.after(0, () => undefined);
  expect(timers.mock.lastCall![1]).toBeGreaterThan(50);
});

it('keeps no process alive, and knows nothing of the call that set its timer', async () => {
  const ofCalls = new AsyncLocalStorage<string>();
  const deadlines = new Deadlines();
  const timers = jest.spyOn(globalThis, 'setTimeout');
  const seen: unknown[] = [];
  ofCalls.run('a call', () => deadlines.after(1, () => seen.push(ofCalls.getStore())));
  const timer = timers.mock.results.at(-1)!.value as NodeJS.Timeout;
  expect(timer.hasRef()).toBe(false);
  await until(async () => seen.length >= 1);
  expect(seen).toEqual([undefined]);
});
