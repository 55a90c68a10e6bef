import { ManualClock } from './manual-clock.js';

it('manual clock stands still until it is moved', () => {
  const clock = new ManualClock(new Date('2024-01-01T00:00:00Z'));
  expect(clock.now()).toBe(Date.UTC(2024, 0, 1));
  clock.advance(1_500);
  expect(clock.now()).toBe(Date.UTC(2024, 0, 1) + 1_500);
  clock.set(42);
  expect(clock.now()).toBe(42);
});

it('manual clock runs due timers in the order of their times', () => {
  const clock = new ManualClock(0);
  const fired: [string, number][] = [];
  for (const [name, delayMs] of [
    ['late', 30],
    ['early', 10],
    ['same', 10],
    ['never', 31],
  ] as const) {
    clock.after(delayMs, () => fired.push([name, clock.now()]));
  }
  clock.advance(30);
  expect(fired).toEqual([
    ['early', 10],
    ['same', 10],
    ['late', 30],
  ]);
  expect(clock.pendingTimers).toBe(1);
});

it('manual clock runs timers that a timer adds when they are due', () => {
  const clock = new ManualClock(0);
  const fired: number[] = [];
  clock.after(10, () => clock.after(10, () => fired.push(clock.now())));
  clock.advance(25);
  expect(fired).toEqual([20]);
  expect(clock.now()).toBe(25);
});

it('manual clock does not run a cancelled timer', () => {
  const clock = new ManualClock();
  let fired = 0;
  clock.after(10, () => fired++)();
  clock.advance(20);
  expect(fired).toBe(0);
});
