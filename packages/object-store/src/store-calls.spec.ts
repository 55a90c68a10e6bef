import { ConnectionError, QueryError, type AnyDatabaseError } from '@quantumtrade/dal-domain';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { until } from '@quantumtrade/dal-testing';
import { StoreCalls } from './store-calls.js';
import { storeFull } from './store-errors.js';

const DETAILS = { operation: 'test' };
const PASSING = new ConnectionError('broken', DETAILS);

/** Calls whose attempts fail with the errors, one after the other, and then succeed. */
function failing(errors: readonly (AnyDatabaseError | 'hangs')[], maxAttempts = 3) {
  let attempts = 0;
  const clock = new ManualClock();
  const limits = { timeoutMs: 1_000, maxAttempts, clock, random: () => 0 };
  const calls = new StoreCalls('place', () => PASSING, limits);
  const attempt = async (signal: AbortSignal) => {
    const error = errors[attempts++];
    if (error === 'hangs') await new Promise((_, reject) => signal.addEventListener('abort', reject));
    else if (error) throw error;
    return 'done';
  };
  return { clock, calls, attempt, attempts: () => attempts };
}

async function advanceUntilSettled(clock: ManualClock, call: Promise<unknown>): Promise<void> {
  let isSettled = false;
  const settle = () => void (isSettled = true);
  call.then(settle, settle);
  await until(() => {
    clock.advance(500);
    return isSettled;
  });
}

it('repeats a request while its failure may pass', async () => {
  const { clock, calls, attempt, attempts } = failing([PASSING, PASSING]);
  const call = calls.begin('get', {}).request(attempt);
  await advanceUntilSettled(clock, call);
  expect([await call, attempts()]).toEqual(['done', 3]);
});

it('gives up after the last attempt', async () => {
  const { clock, calls, attempt, attempts } = failing([PASSING, PASSING, PASSING]);
  const call = calls.begin('get', {}).request(attempt);
  await advanceUntilSettled(clock, call);
  await expect(call).rejects.toBe(PASSING);
  expect(attempts()).toBe(3);
});

it.each([
  ['a refused request', new QueryError('test', 'refused', DETAILS)],
  ['a full store', storeFull('ENOSPC', DETAILS)],
  ['a refused login', new ConnectionError('login', { ...DETAILS, kind: 'LOGIN_REFUSED', retryable: false })],
])('makes one attempt with %s', async (_, error) => {
  const { calls, attempt, attempts } = failing([error]);
  await expect(calls.begin('get', {}).request(attempt)).rejects.toBe(error);
  expect(attempts()).toBe(1);
});

it('an attempt that hangs is repeated after its time limit', async () => {
  const { clock, calls, attempt, attempts } = failing(['hangs']);
  const call = calls.begin('get', {}).request(attempt);
  await advanceUntilSettled(clock, call);
  expect([await call, attempts()]).toEqual(['done', 2]);
});

it('ends with TimeoutError when all attempts hang', async () => {
  const { clock, calls, attempt, attempts } = failing(['hangs', 'hangs', 'hangs']);
  const call = calls.begin('get', {}).request(attempt);
  await advanceUntilSettled(clock, call);
  const timeout = { code: 'TIMEOUT', operation: 'objectStore.get', endpoint: 'place' };
  await expect(call).rejects.toMatchObject(timeout);
  expect(attempts()).toBe(3);
});

it('makes no attempt after the deadline', async () => {
  const { clock, calls, attempt, attempts } = failing(['hangs', 'hangs']);
  const call = calls.begin('get', { deadline: clock.now() + 1_500 }).request(attempt);
  await advanceUntilSettled(clock, call);
  await expect(call).rejects.toMatchObject({ code: 'TIMEOUT', durationMs: 1_500 });
  expect(attempts()).toBe(2);
});

it('ends with the reason of its signal', async () => {
  const { calls, attempt, attempts } = failing(['hangs'], 1);
  const controller = new AbortController();
  const call = calls.begin('get', { signal: controller.signal }).request(attempt);
  const reason = new Error('not needed any more');
  controller.abort(reason);
  await expect(call).rejects.toBe(reason);
  expect(attempts()).toBe(1);
});
