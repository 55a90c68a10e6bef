import { ManualClock } from '@quantumtrade/dal-runtime';
import { Breaker, GuardedCalls } from './guarded-calls.js';

it('counts a call that throws synchronously as a failure', async () => {
  const clock = new ManualClock();
  const breaker = new Breaker(clock, { minimumCalls: 1 });
  const calls = new GuardedCalls(clock, breaker, 60_000);
  const thrown = calls.run('operation', () => {
    throw new RangeError('at once');
  });
  await expect(thrown).rejects.toMatchObject({ code: 'CACHE' });
  expect([calls.failureCount, breaker.state]).toEqual([1, 'open']);
  expect(clock.pendingTimers).toBe(0);
});

it('starts no probe of other calls when its own calls are suspended', async () => {
  const clock = new ManualClock();
  const [own, other] = [new Breaker(clock, { minimumCalls: 1 }), new Breaker(clock, { minimumCalls: 1 })];
  const [calls, others] = [own, other].map((breaker) => new GuardedCalls(clock, breaker, 60_000));
  other.report(other.admit()!, true);
  clock.advance(1_000);
  own.report(own.admit()!, true);
  const run = calls!.run('operation', async () => 1, { others });
  await expect(run).rejects.toThrow('calls are suspended after failures');
  expect(other.state).toBe('open');
});
