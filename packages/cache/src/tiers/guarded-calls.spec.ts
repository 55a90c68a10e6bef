import { Breaker, systemClock } from '@quantumtrade/dal-runtime';
import { GuardedCalls } from './guarded-calls.js';

it('counts a call that throws synchronously as a failure', async () => {
  const breaker = new Breaker(systemClock, { minimumCalls: 1 });
  const calls = new GuardedCalls(systemClock, breaker, 60_000);
  const thrown = calls.run('operation', () => {
    throw new RangeError('at once');
  });
  await expect(thrown).rejects.toMatchObject({ code: 'CACHE' });
  expect([calls.failureCount, calls.state]).toEqual([1, 'open']);
});
