import { Breaker, ManualClock } from '@quantumtrade/dal-runtime';
import { GuardedCalls } from './guarded-calls.js';

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
