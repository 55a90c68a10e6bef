import fc from 'fast-check';
import { ManualClock } from './manual-clock.js';
import { RetryBudget } from './retry-budget.js';

/** Retries until the budget refuses. */
function drain(budget: RetryBudget): number {
  let retries = 0;
  while (budget.tryRetry()) retries++;
  return retries;
}

function request(budget: RetryBudget, count: number): void {
  for (let n = 0; n < count; n++) budget.onRequest();
}

it('allows the reserve before the first request', () => {
  expect(drain(new RetryBudget(new ManualClock()))).toBe(10);
});

it('allows one retry for every tenth request when the reserve is spent', () => {
  const budget = new RetryBudget(new ManualClock());
  drain(budget);
  request(budget, 9);
  expect(budget.tryRetry()).toBe(false);
  request(budget, 1);
  expect(budget.tryRetry()).toBe(true);
  expect(budget.tryRetry()).toBe(false);
});

it('allows retries of the recent requests beyond the reserve', () => {
  const budget = new RetryBudget(new ManualClock());
  request(budget, 1_000);
  expect(budget.balance).toBe(110);
  expect(drain(budget)).toBe(110);
});

it('allows the reserve alone when requests are older than the window', () => {
  const clock = new ManualClock();
  const budget = new RetryBudget(clock);
  request(budget, 100_000);
  for (let hour = 0; hour < 3; hour++) {
    clock.advance(3_600_000);
    expect(budget.balance).toBe(10);
  }
  expect(drain(budget)).toBe(10);
});

it('expires deposits one after the other', () => {
  const clock = new ManualClock();
  const budget = new RetryBudget(clock);
  for (let second = 0; second < 10; second++) {
    request(budget, 100);
    clock.advance(1_000);
  }
  expect(budget.balance).toBe(100);
  clock.advance(4_000);
  expect(budget.balance).toBe(60);
  clock.advance(5_000);
  expect(budget.balance).toBe(10);
});

it('refills the reserve by requests, not by time', () => {
  const clock = new ManualClock();
  const budget = new RetryBudget(clock);
  drain(budget);
  clock.advance(3_600_000);
  expect(drain(budget)).toBe(0);
  request(budget, 1_000);
  clock.advance(3_600_000);
  expect(drain(budget)).toBe(10);
});

it('keeps the balance when the clock goes back', () => {
  const clock = new ManualClock();
  const budget = new RetryBudget(clock);
  request(budget, 100);
  clock.advance(-60_000);
  expect(budget.balance).toBe(20);
});

it('allows the reserve alone when the ratio is 0', () => {
  const budget = new RetryBudget(new ManualClock(), { ratio: 0, reserve: 2 });
  request(budget, 1_000);
  expect(drain(budget)).toBe(2);
});

it('bounds attempts by requests for any schedule of faults', () => {
  const step = fc.record({
    requests: fc.nat(50),
    attemptsEach: fc.nat(5),
    passedMs: fc.oneof(fc.nat(100), fc.nat(20_000), fc.constant(3_600_000)),
  });
  const schedules = fc.array(step, { maxLength: 60 });
  const options = fc.record({
    ratio: fc.oneof(fc.constant(0.1), fc.double({ min: 0, max: 2, noNaN: true })),
    reserve: fc.nat(20),
    windowMs: fc.integer({ min: 1, max: 60_000 }),
  });
  fc.assert(
    fc.property(schedules, options, (schedule, { ratio, reserve, windowMs }) => {
      const clock = new ManualClock();
      const budget = new RetryBudget(clock, { ratio, reserve, windowMs });
      let requests = 0;
      let attempts = 0;
      let excess = 0;
      for (const { requests: count, attemptsEach, passedMs } of schedule) {
        clock.advance(passedMs);
        for (let n = 0; n < count; n++) {
          budget.onRequest();
          requests++;
          attempts++;
          for (let retry = 1; retry < attemptsEach && budget.tryRetry(); retry++) attempts++;
          excess = Math.max(excess, attempts - (1 + ratio) * requests - reserve);
        }
      }
      expect(excess).toBeLessThan(1e-6);
    }),
    { seed: 1, numRuns: 300 },
  );
});
