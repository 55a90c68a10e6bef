import { getEventListeners } from 'node:events';
import { Deadline } from './deadline.js';
import { ManualClock } from './manual-clock.js';

const never = () => new Promise<never>(() => undefined);
const timeoutError = (elapsedMs: number) => new Error(`timed out after ${elapsedMs} ms`);
const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

let clock: ManualClock;
beforeEach(() => (clock = new ManualClock(1_000)));

it('race returns the promise itself when there are no limits', () => {
  const work = never();
  expect(new Deadline().race(work)).toBe(work);
  expect(new Deadline({ deadline: Infinity, timeoutMs: Infinity }).race(work)).toBe(work);
});

it('race settles as the work does and stops timer and listener', async () => {
  const { signal } = new AbortController();
  const limits = { signal, timeoutMs: 100 };
  await expect(new Deadline(limits, timeoutError, clock).race(Promise.resolve(7))).resolves.toBe(7);
  const failed = new Deadline(limits, timeoutError, clock).race(Promise.reject(new Error('broken')));
  await expect(failed).rejects.toThrow('broken');
  expect([clock.pendingTimers, listenersOf(signal)]).toEqual([0, 0]);
});

it.each([
  ['deadline', { deadline: 1_050, timeoutMs: 100 }],
  ['timeout', { deadline: 1_100, timeoutMs: 50 }],
])('race rejects at the %s when it is the earlier one', async (_, limits) => {
  const { signal } = new AbortController();
  const outcome = new Deadline({ ...limits, signal }, timeoutError, clock).race(never());
  clock.advance(49);
  await Promise.resolve();
  expect(listenersOf(signal)).toBe(1);
  clock.advance(1);
  await expect(outcome).rejects.toThrow('timed out after 50 ms');
  expect(listenersOf(signal)).toBe(0);
});

it('race rejects with the reason when the signal aborts', async () => {
  const controller = new AbortController();
  const left: unknown[] = [];
  const deadline = new Deadline({ signal: controller.signal, timeoutMs: 50 }, timeoutError, clock);
  const outcome = deadline.race(never(), (reason) => left.push(reason));
  controller.abort('enough');
  await expect(outcome).rejects.toBe('enough');
  expect(left).toEqual(['enough']);
  expect(clock.pendingTimers).toBe(0);
});

it('race rejects immediately when the signal has aborted', async () => {
  const deadline = new Deadline({ signal: AbortSignal.abort('early'), timeoutMs: 50 }, timeoutError, clock);
  expect(deadline.aborted).toBe(true);
  expect(clock.pendingTimers).toBe(0);
  await expect(deadline.race(Promise.reject(new Error('unseen')))).rejects.toBe('early');
});

it('race ignores what becomes of the work after the deadline', async () => {
  let fail!: (error: Error) => void;
  const work = new Promise<void>((_, reject) => (fail = reject));
  const outcome = new Deadline({ timeoutMs: 50 }, timeoutError, clock).race(work);
  clock.advance(50);
  fail(new Error('late'));
  await expect(outcome).rejects.toThrow('timed out');
});

it('signal aborts with the timeout error, also when it is read late', () => {
  const deadline = new Deadline({ timeoutMs: 50 }, timeoutError, clock);
  const { signal } = deadline;
  expect(signal.aborted).toBe(false);
  expect(() => deadline.throwIfAborted()).not.toThrow();
  clock.advance(50);
  expect(signal.reason).toEqual(timeoutError(50));
  expect(() => deadline.throwIfAborted()).toThrow('timed out');
  const late = new Deadline({ timeoutMs: 50 }, timeoutError, clock);
  clock.advance(50);
  expect(late.signal.reason).toEqual(timeoutError(50));
});

it('an ended deadline does not abort', () => {
  const { signal } = new AbortController();
  const deadline = new Deadline({ signal, timeoutMs: 50 }, timeoutError, clock);
  deadline.onAbort(() => {
    throw new Error('must not be called');
  });
  deadline.end();
  expect([clock.pendingTimers, listenersOf(signal)]).toEqual([0, 0]);
  clock.advance(50);
  expect(deadline.aborted).toBe(false);
});

it('onAbort calls back once with the reason, immediately when aborted', () => {
  const deadline = new Deadline({ timeoutMs: 50 }, timeoutError, clock);
  const reasons: unknown[] = [];
  deadline.onAbort((reason) => reasons.push(reason));
  clock.advance(100);
  deadline.onAbort((reason) => reasons.push(reason));
  expect(reasons).toEqual([timeoutError(50), timeoutError(50)]);
});

it('reports elapsed and remaining time', () => {
  const deadline = new Deadline({ deadline: 1_100 }, timeoutError, clock);
  clock.advance(30);
  expect([deadline.at, deadline.elapsedMs, deadline.remainingMs]).toEqual([1_100, 30, 70]);
  expect(new Deadline({}, timeoutError, clock).remainingMs).toBe(Infinity);
});

it('rejects with a TimeoutError by default, on the system clock', async () => {
  const outcome = new Deadline({ timeoutMs: 5 }).race(never());
  await expect(outcome).rejects.toMatchObject({ name: 'TimeoutError' });
  await expect(new Deadline({ deadline: Date.now() - 10 }).race(never())).rejects.toBeDefined();
});

it('accepts an answer that arrived before the deadline in a busy process', async () => {
  // From here on timers fire before immediates.
  await new Promise((resolve) => setImmediate(resolve));
  const begin = Date.now();
  const work = new Promise<string>((resolve) => setImmediate(() => resolve('done')));
  const outcome = new Deadline({ timeoutMs: 2 }).race(work);
  while (Date.now() < begin + 10);
  await expect(outcome).resolves.toBe('done');
});
