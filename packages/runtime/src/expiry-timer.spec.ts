import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { ExpiryTimer } from './deadline.js';

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(1);
}

/** Sets expiries after the delays and records those that have run. */
function pending(...spans: number[]) {
  const timer = new ExpiryTimer();
  const ran: number[] = [];
  const all = spans.map((ms) => timer.after(ms, () => ran.push(ms)));
  return { timer, all, ran };
}

it('expiries run in the order of their times', async () => {
  const { ran } = pending(30, 10, 20, 60_000);
  await until(() => ran.length >= 3);
  expect(ran).toEqual([10, 20, 30]);
});

it('expiries keep their order when the process was busy', async () => {
  const { ran } = pending(3, 1, 2);
  const begin = performance.now();
  while (performance.now() < begin + 10);
  await until(() => ran.length >= 3);
  expect(ran).toEqual([1, 2, 3]);
});

it('cancelled expiries do not run, and all others do', async () => {
  const { timer, all, ran } = pending(1, 2, 3, 4, 5);
  for (const i of [0, 4, 2, 2]) timer.cancel(all[i]!);
  await until(() => ran.length >= 2);
  await delay(10);
  expect(ran).toEqual([2, 4]);
  for (const expiry of all) timer.cancel(expiry);
  timer.after(1, () => ran.push(6));
  await until(() => ran.length >= 3);
  expect(ran).toEqual([2, 4, 6]);
});

it('an expiry may set another', async () => {
  const { timer, ran } = pending();
  timer.after(1, () => timer.after(1, () => ran.push(2)));
  await until(() => ran.length >= 1);
  expect(ran).toEqual([2]);
});

it('expiry timer waits longer than a Node timer can', async () => {
  const setTimer = jest.spyOn(globalThis, 'setTimeout');
  const { ran } = pending(1e12);
  expect(setTimer).toHaveBeenCalledWith(expect.anything(), 2 ** 31 - 1);
  await delay(20);
  expect(ran).toEqual([]);
});

it('expiry timer pauses after a long scan', async () => {
  const { timer, ran } = pending(1);
  const clock = performance.now.bind(performance);
  let ahead = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => clock() + (ahead += 10));
  await until(() => ran.length >= 1);
  const setTimer = jest.spyOn(globalThis, 'setTimeout');
  timer.after(0, () => undefined);
  expect(setTimer.mock.lastCall![1]).toBeGreaterThan(50);
});

it('expiry timer keeps no process alive and no async context', async () => {
  const ofCalls = new AsyncLocalStorage<string>();
  const timer = new ExpiryTimer();
  const setTimer = jest.spyOn(globalThis, 'setTimeout');
  const seen: unknown[] = [];
  ofCalls.run('a call', () => timer.after(1, () => seen.push(ofCalls.getStore())));
  const nodeTimer = setTimer.mock.results.at(-1)!.value as NodeJS.Timeout;
  expect(nodeTimer.hasRef()).toBe(false);
  await until(() => seen.length >= 1);
  expect(seen).toEqual([undefined]);
});

it('a pending expiry keeps the process alive only when asked to', () => {
  const setKeepAlive = jest.spyOn(globalThis, 'setInterval');
  const { timer } = pending(60_000);
  expect(setKeepAlive).not.toHaveBeenCalled();
  const expiries = [1, 2].map(() => timer.after(60_000, () => undefined, true));
  const keepAlive = setKeepAlive.mock.results[0]!.value as NodeJS.Timeout;
  expect(keepAlive.hasRef()).toBe(true);
  timer.cancel(expiries[0]!);
  expect(keepAlive.hasRef()).toBe(true);
  timer.cancel(expiries[1]!);
  expect(keepAlive.hasRef()).toBe(false);
  const again = timer.after(60_000, () => undefined, true);
  expect([setKeepAlive.mock.calls.length, keepAlive.hasRef()]).toEqual([1, true]);
  timer.cancel(again);
});
