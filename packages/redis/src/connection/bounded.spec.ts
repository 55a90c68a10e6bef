import { getEventListeners } from 'node:events';
import { bounded } from './bounded.js';

const never = () => new Promise<never>(() => undefined);

it('gives what the work gives', async () => {
  await expect(bounded('op', undefined, 60_000, async () => 7)).resolves.toBe(7);
  const failed = bounded('op', undefined, 60_000, () => Promise.reject(new Error('as it is')));
  await expect(failed).rejects.toThrow('as it is');
  const asError = (error: unknown) => new Error(`not ${String(error)}`);
  const told = bounded('op', undefined, 60_000, () => Promise.reject(new Error('as it is')), { asError });
  await expect(told).rejects.toThrow('not Error: as it is');
});

it('ends with TimeoutError at the limit when the call has no deadline', async () => {
  const error = { code: 'TIMEOUT', operation: 'op', retryable: true };
  await expect(bounded('op', undefined, 5, never)).rejects.toMatchObject(error);
});

it.each([
  ['the deadline before the limit', 5, 60_000],
  ['the limit before the deadline', 60_000, 5],
])('ends at %s', async (_, deadlineMs, limitMs) => {
  const outcome = bounded('op', { deadline: Date.now() + deadlineMs }, limitMs, never);
  await expect(outcome).rejects.toMatchObject({ code: 'TIMEOUT' });
});

it('waits when the limit is longer than a timer can run', async () => {
  const work = () => new Promise<string>((resolve) => setTimeout(resolve, 20, 'done'));
  await expect(bounded('op', undefined, 1e12, work)).resolves.toBe('done');
});

it('ends with the reason of its signal and leaves no listener on it', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  await bounded('op', { signal }, 60_000, async () => 1);
  const aborted = bounded('op', { signal }, 60_000, never);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  controller.abort('enough');
  await expect(aborted).rejects.toBe('enough');
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

it('does not begin what is over already', async () => {
  let begun = false;
  const work = async () => {
    begun = true;
  };
  await expect(bounded('op', { signal: AbortSignal.abort('early') }, 60_000, work)).rejects.toBe('early');
  await expect(bounded('op', { deadline: Date.now() }, 60_000, work)).rejects.toMatchObject({
    code: 'TIMEOUT',
  });
  expect(begun).toBe(false);
});

it('tells the work when it is over, and takes no notice of what comes of it', async () => {
  let resume = () => {};
  const pause = new Promise<void>((resolve) => (resume = resolve));
  let finished = () => {};
  const done = new Promise<void>((resolve) => (finished = resolve));
  const seen: boolean[] = [];
  const outcome = bounded('op', undefined, 5, async (isOver) => {
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

it('tells of work that still goes on at the limit, even when its caller has left', async () => {
  const overdue: string[] = [];
  const left = bounded('op', { deadline: Date.now() + 1 }, 20, never, {
    onOverdue: () => overdue.push('left'),
  });
  await expect(left).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(overdue).toEqual([]);
  await bounded('op', undefined, 10, async () => 1, { onOverdue: () => overdue.push('ended') });
  const stayed = bounded('op', undefined, 30, never, { onOverdue: () => overdue.push('stayed') });
  await expect(stayed).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(overdue).toEqual(['left', 'stayed']);
});

it.each([
  ['deadline', (now: number) => ({ deadline: now + 2 }), 60_000],
  ['limit', () => undefined, 2],
] as const)(
  'takes an answer that came before its %s and was not looked at until after it',
  async (_, options, limitMs) => {
    // From here on timers come before what is set to be immediate.
    await new Promise((resolve) => setImmediate(resolve));
    const begin = Date.now();
    const overdue: string[] = [];
    const work = () => new Promise<string>((resolve) => setImmediate(() => resolve('done')));
    const outcome = bounded('op', options(begin), limitMs, work, {
      onOverdue: () => overdue.push('overdue'),
    });
    while (Date.now() < begin + 10);
    await expect(outcome).resolves.toBe('done');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(overdue).toEqual([]);
  },
);
