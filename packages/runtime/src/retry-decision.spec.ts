import fc from 'fast-check';
import { Backoff } from './backoff.js';
import { ManualClock } from './manual-clock.js';
import { RetryBudget } from './retry-budget.js';
import { decideRetry, type FailedAttempt, type RetryContext } from './retry-decision.js';
import { SeededRandom } from './seeded-random.js';

const read: FailedAttempt = { class: 'read', retryable: true, sent: 'maybe' };

function contextOf(changes: Partial<RetryContext> = {}): RetryContext {
  const budget = new RetryBudget(new ManualClock(), { reserve: 5 });
  const backoff = new Backoff({ initialDelayMs: 100, random: () => 0.5 });
  return { attempts: 1, backoff, budget, ...changes };
}

it.each([
  ['read', 'no', true],
  ['read', 'maybe', true],
  ['read', 'answered', true],
  ['tokened-insert', 'no', true],
  ['tokened-insert', 'maybe', true],
  ['tokened-insert', 'answered', true],
  ['other', 'no', true],
  ['other', 'maybe', false],
  ['other', 'answered', false],
] as const)('retries a request of class %s, sent: %s, is %s', (idempotency, sent, isRetried) => {
  const failure: FailedAttempt = { class: idempotency, retryable: true, sent };
  expect(decideRetry(failure, contextOf())).toEqual(isRetried ? { delayMs: 50 } : 'no');
  expect(decideRetry({ ...failure, retryable: false }, contextOf())).toBe('no');
});

it('makes no more attempts than allowed', () => {
  expect(decideRetry(read, contextOf({ attempts: 2, maxAttempts: 3 }))).toEqual({ delayMs: 50 });
  expect(decideRetry(read, contextOf({ attempts: 3, maxAttempts: 3 }))).toBe('no');
});

it('waits longer before each further attempt of a call', () => {
  const context = contextOf();
  const delays = Array.from({ length: 3 }, () => decideRetry(read, context));
  expect(delays).toEqual([{ delayMs: 50 }, { delayMs: 100 }, { delayMs: 200 }]);
});

it('makes no attempt when the rest of the time is too short', () => {
  expect(decideRetry(read, contextOf({ remainingMs: 30, attemptMs: 30 }))).toBe('no');
  expect(decideRetry(read, contextOf({ remainingMs: 0 }))).toBe('no');
});

it('shortens the delay when the rest of the time requires it', () => {
  expect(decideRetry(read, contextOf({ remainingMs: 60, attemptMs: 30 }))).toEqual({ delayMs: 30 });
});

it('adds the jitter to the time that the server asks for', () => {
  const failure: FailedAttempt = { ...read, sent: 'answered', retryAfterMs: 1_000 };
  expect(decideRetry(failure, contextOf())).toEqual({ delayMs: 1_050 });
  expect(decideRetry(failure, contextOf({ remainingMs: 1_020 }))).toEqual({ delayMs: 1_020 });
  expect(decideRetry(failure, contextOf({ remainingMs: 1_000 }))).toBe('no');
});

it('makes no attempt when the budget is spent', () => {
  const context = contextOf();
  for (let n = 0; n < 5; n++) expect(decideRetry(read, context)).not.toBe('no');
  expect(decideRetry(read, context)).toBe('no');
});

it('takes nothing from the budget for an attempt not made', () => {
  const context = contextOf({ remainingMs: 10, attemptMs: 20 });
  for (let n = 0; n < 20; n++) decideRetry(read, context);
  for (let n = 0; n < 20; n++) decideRetry({ ...read, class: 'other' }, context);
  expect(context.budget.balance).toBe(5);
});

it('leaves enough time for an attempt after any delay', () => {
  const times = fc.record({
    remainingMs: fc.nat(5_000),
    attemptMs: fc.nat(1_000),
    retryAfterMs: fc.nat(1_000),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(times, ({ remainingMs, attemptMs, retryAfterMs, seed }) => {
      const random = new SeededRandom(seed);
      const backoff = new Backoff({ initialDelayMs: 1_000, random: () => random.next() });
      const decision = decideRetry({ ...read, retryAfterMs }, contextOf({ remainingMs, attemptMs, backoff }));
      if (decision === 'no') return remainingMs - attemptMs <= retryAfterMs;
      return decision.delayMs >= retryAfterMs && decision.delayMs + attemptMs <= remainingMs;
    }),
    { seed: 1 },
  );
});
