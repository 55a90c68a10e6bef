import { CacheError, ConnectionError, ValidationError } from '@quantumtrade/dal-domain';
import { type CallOutcome, ManualClock } from '@quantumtrade/dal-runtime';
import { createBreaker, GuardedCalls } from './guarded-calls.js';

it('counts a call that throws synchronously as a failure', async () => {
  const clock = new ManualClock();
  const breaker = createBreaker(clock, { minimumCalls: 1 });
  const calls = new GuardedCalls(clock, breaker, 60_000);
  const thrown = calls.run('operation', () => {
    throw new RangeError('at once');
  });
  await expect(thrown).rejects.toMatchObject({ code: 'CACHE' });
  expect([calls.failureCount, breaker.state]).toEqual([1, 'open']);
  expect(clock.pendingTimers).toBe(0);
});

it.each([
  ['a refused login', new ConnectionError('NOAUTH', { operation: 'o', retryable: false }), 'open'],
  ['a lost connection', new ConnectionError('ECONNRESET', { operation: 'o' }), 'open'],
  ['a full server', new CacheError('OOM', { operation: 'o', retryable: true }), 'open'],
  ['a value of another kind', new CacheError('WRONGTYPE', { operation: 'o', retryable: false }), 'closed'],
  ['a wrong argument', new ValidationError('key', 'is empty', { operation: 'o' }), 'closed'],
] as const)('suspends calls after %s only if it says nothing about the key', async (_, error, state) => {
  const clock = new ManualClock();
  const [own, other] = [createBreaker(clock, { minimumCalls: 1 }), createBreaker(clock, { minimumCalls: 1 })];
  const [calls, others] = [own, other].map((breaker) => new GuardedCalls(clock, breaker, 60_000));
  await expect(calls!.run('operation', () => Promise.reject(error), { others })).rejects.toBe(error);
  expect(own.state).toBe(state);
  expect(other.state).toBe(error.code === 'CONNECTION' ? 'open' : 'closed');
  expect(calls!.failureCount).toBe(state === 'open' ? 1 : 0);
});

it('starts no probe of other calls when its own calls are suspended', async () => {
  const clock = new ManualClock();
  const [own, other] = [createBreaker(clock, { minimumCalls: 1 }), createBreaker(clock, { minimumCalls: 1 })];
  const [calls, others] = [own, other].map((breaker) => new GuardedCalls(clock, breaker, 60_000));
  other.tryEnter()!.report('failure');
  clock.advance(1_000);
  own.tryEnter()!.report('failure');
  const run = calls!.run('operation', async () => 1, { others });
  await expect(run).rejects.toThrow('calls are suspended after failures');
  expect(other.state).toBe('open');
});

it('suspends calls by the latest outcomes, whatever their age', () => {
  const clock = new ManualClock();
  const breaker = createBreaker(clock);
  const report = (outcome: CallOutcome, count: number) => {
    for (let n = 0; n < count; n++) {
      clock.advance(3_600_000);
      breaker.tryEnter()!.report(outcome);
    }
  };
  report('success', 30);
  report('failure', 9);
  expect(breaker.state).toBe('closed');
  report('failure', 1);
  expect(breaker.state).toBe('open');
});

it('suspends calls for the same time after each failed probe', () => {
  const clock = new ManualClock();
  const breaker = createBreaker(clock, { minimumCalls: 1 });
  breaker.tryEnter()!.report('failure');
  for (let probe = 0; probe < 5; probe++) {
    clock.advance(999);
    expect(breaker.tryEnter()).toBeUndefined();
    clock.advance(1);
    breaker.tryEnter()!.report('failure');
  }
});
