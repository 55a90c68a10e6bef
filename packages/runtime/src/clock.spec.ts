import { jest } from '@jest/globals';
import { systemClock } from './clock.js';

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

it('system clock runs a callback after its delay', async () => {
  await new Promise<void>((resolve) => systemClock.after(1, resolve));
});

it('system clock runs a callback without a delay after the current turn', async () => {
  const order: string[] = [];
  const done = new Promise<void>((resolve) => systemClock.after(0, resolve)).then(() => order.push('timer'));
  order.push('turn');
  await done;
  expect(order).toEqual(['turn', 'timer']);
});

it('system clock waits longer than a Node timer can', () => {
  jest.useFakeTimers();
  let fired = 0;
  systemClock.after(3 * 2 ** 31, () => fired++);
  jest.advanceTimersByTime(3 * 2 ** 31 - 1);
  expect(fired).toBe(0);
  jest.advanceTimersByTime(1);
  expect(fired).toBe(1);
});

it.each([1_000, 3 * 2 ** 31])('system clock does not run a cancelled timer of %d ms', (delayMs) => {
  jest.useFakeTimers();
  let fired = 0;
  const cancel = systemClock.after(delayMs, () => fired++);
  jest.advanceTimersByTime(delayMs - 1);
  cancel();
  jest.advanceTimersByTime(delayMs);
  expect(fired).toBe(0);
});

it('system clock does not run a cancelled callback without a delay', async () => {
  let fired = 0;
  systemClock.after(0, () => fired++)();
  await new Promise((resolve) => setImmediate(resolve));
  expect(fired).toBe(0);
});
