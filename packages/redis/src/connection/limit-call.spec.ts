import { getEventListeners } from 'node:events';
import { limitCall } from './limit-call.js';

const never = () => new Promise<never>(() => undefined);

it('limitCall settles as the work does', async () => {
  await expect(limitCall('op', undefined, { timeoutMs: 60_000 }, async () => 7)).resolves.toBe(7);
  const failed = limitCall('op', undefined, { timeoutMs: 60_000 }, () =>
    Promise.reject(new Error('as it is')),
  );
  await expect(failed).rejects.toThrow('as it is');
  const thrown = limitCall('op', undefined, { timeoutMs: 60_000 }, () => {
    throw new Error('at once');
  });
  await expect(thrown).rejects.toThrow('at once');
});

it('limitCall times out at the limit without a deadline', async () => {
  const error = { code: 'TIMEOUT', operation: 'op', retryable: true };
  await expect(limitCall('op', undefined, { timeoutMs: 5 }, never)).rejects.toMatchObject(error);
});

it.each([
  ['the deadline before the limit', 5, 60_000],
  ['the limit before the deadline', 60_000, 5],
])('limitCall times out at %s', async (_, deadlineMs, timeoutMs) => {
  const outcome = limitCall('op', { deadline: Date.now() + deadlineMs }, { timeoutMs }, never);
  await expect(outcome).rejects.toMatchObject({ code: 'TIMEOUT' });
});

it('limitCall waits for limits beyond the longest timer', async () => {
  const work = () => new Promise<string>((resolve) => setTimeout(resolve, 20, 'done'));
  await expect(limitCall('op', undefined, { timeoutMs: 1e12 }, work)).resolves.toBe('done');
});

it('limitCall rejects with the signal reason and removes its listener', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  await limitCall('op', { signal }, { timeoutMs: 60_000 }, async () => 1);
  const aborted = limitCall('op', { signal }, { timeoutMs: 60_000 }, never);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  controller.abort('enough');
  await expect(aborted).rejects.toBe('enough');
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

it('limitCall starts no work when the call is already over', async () => {
  let begun = false;
  const work = async () => {
    begun = true;
  };
  const limits = { timeoutMs: 60_000 };
  await expect(limitCall('op', { signal: AbortSignal.abort('early') }, limits, work)).rejects.toBe('early');
  await expect(limitCall('op', { deadline: Date.now() }, limits, work)).rejects.toMatchObject({
    code: 'TIMEOUT',
  });
  expect(begun).toBe(false);
});

it('limitCall reports the end to the work and ignores its late failure', async () => {
  let resume = () => {};
  const pause = new Promise<void>((resolve) => (resume = resolve));
  let finished = () => {};
  const done = new Promise<void>((resolve) => (finished = resolve));
  const seen: boolean[] = [];
  const outcome = limitCall('op', undefined, { timeoutMs: 5 }, async (isOver) => {
    seen.push(isOver());
    await pause;
    seen.push(isOver());
    finished();
    throw new Error('too late to matter');
  });
  await expect(outcome).rejects.toMatchObject({ code: 'TIMEOUT' });
  resume();
  await done;
  expect(seen).toEqual([false, true]);
});

it('limitCall reports overdue work even when its caller has left', async () => {
  const overdue: string[] = [];
  const limits = (timeoutMs: number, name: string) => ({ timeoutMs, onOverdue: () => overdue.push(name) });
  const left = limitCall('op', { deadline: Date.now() + 20 }, limits(60, 'left'), never);
  await expect(left).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(overdue).toEqual([]);
  await limitCall('op', undefined, limits(10, 'ended'), async () => 1);
  const stayed = limitCall('op', undefined, limits(80, 'stayed'), never);
  await expect(stayed).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(overdue).toEqual(['left', 'stayed']);
});

it.each([
  ['deadline', (now: number) => ({ deadline: now + 2 }), 60_000],
  ['limit', () => undefined, 2],
] as const)('limitCall accepts a result from before the %s when busy', async (_, options, timeoutMs) => {
  // From here on, timers run before immediates.
  await new Promise((resolve) => setImmediate(resolve));
  const begin = Date.now();
  const overdue: string[] = [];
  const work = () => new Promise<string>((resolve) => setImmediate(() => resolve('done')));
  const limits = { timeoutMs, onOverdue: () => overdue.push('overdue') };
  const outcome = limitCall('op', options(begin), limits, work);
  while (Date.now() < begin + 10);
  await expect(outcome).resolves.toBe('done');
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(overdue).toEqual([]);
});
