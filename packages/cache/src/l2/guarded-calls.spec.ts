import { systemCacheClock } from '../clock.js';
import { Breaker } from './breaker.js';
import { GuardedCalls } from './guarded-calls.js';

it('counts a call that throws at once as a failure of the level', async () => {
  const calls = new GuardedCalls(
    systemCacheClock,
    new Breaker(systemCacheClock, { minimumCalls: 1 }),
    60_000,
  );
  const thrown = calls.run('operation', () => {
    throw new RangeError('at once');
  });
  await expect(thrown).rejects.toMatchObject({ code: 'CACHE' });
  expect([calls.failures, calls.state]).toEqual([1, 'open']);
});
