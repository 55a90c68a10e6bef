import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Deadlines } from './deadlines.js';

/** Deadlines after so many milliseconds each, and which of them have come. */
function pending(...spans: number[]) {
  const deadlines = new Deadlines();
  const come: number[] = [];
  const all = spans.map((ms) => deadlines.after(ms, () => come.push(ms)));
  return { deadlines, all, come };
}

it('lets each happen at its time, whatever the order in which they were made', async () => {
  const { come } = pending(30, 10, 20, 60_000);
  await delay(50);
  expect(come).toEqual([10, 20, 30]);
});

it('lets none happen that was cancelled, and all of the others', async () => {
  const { deadlines, all, come } = pending(1, 2, 3, 4, 5);
  for (const i of [0, 4, 2, 2]) deadlines.cancel(all[i]!);
  await delay(30);
  expect(come.toSorted()).toEqual([2, 4]);
  for (const deadline of all) deadlines.cancel(deadline);
  deadlines.after(1, () => come.push(6));
  await delay(20);
  expect(come.toSorted()).toEqual([2, 4, 6]);
});

it('lets one that was made by another happen, too', async () => {
  const { deadlines, come } = pending();
  deadlines.after(1, () => deadlines.after(1, () => come.push(2)));
  await delay(30);
  expect(come).toEqual([2]);
});

it('waits for spans that are longer than a timer can run', async () => {
  const timers = jest.spyOn(globalThis, 'setTimeout');
  const { come } = pending(1e12);
  expect(timers).toHaveBeenCalledWith(expect.anything(), 2 ** 31 - 1);
  timers.mockRestore();
  await delay(20);
  expect(come).toEqual([]);
});
