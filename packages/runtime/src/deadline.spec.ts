import { getEventListeners } from 'node:events';
import { Deadline, onAbort } from './deadline.js';
import { ManualClock } from './manual-clock.js';
import { sleep } from './sleep.js';

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

it('sleep resolves after its delay and leaves no listener', async () => {
  const clock = new ManualClock();
  const { signal } = new AbortController();
  const slept = sleep(100, clock, signal);
  clock.advance(100);
  await slept;
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

it('sleep rejects with the reason when its signal aborts', async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const slept = sleep(100, clock, controller.signal);
  controller.abort('enough');
  await expect(slept).rejects.toBe('enough');
  expect(clock.pendingTimers).toBe(0);
  await expect(sleep(100, clock, controller.signal)).rejects.toBe('enough');
});

describe('onAbort', () => {
  it('calls every callback once when the signal aborts', () => {
    const controller = new AbortController();
    const called: string[] = [];
    onAbort(controller.signal, () => called.push('first'));
    onAbort(controller.signal, () => called.push('second'));
    controller.abort();
    controller.signal.dispatchEvent(new Event('abort'));
    expect(called).toEqual(['first', 'second']);
  });

  it('calls back immediately when the signal has aborted', () => {
    const signal = AbortSignal.abort();
    let calls = 0;
    onAbort(signal, () => calls++)();
    expect(calls).toBe(1);
    expect(listenersOf(signal)).toBe(0);
  });

  it('does not call back after the subscription has ended', () => {
    const controller = new AbortController();
    let calls = 0;
    const end = onAbort(controller.signal, () => calls++);
    end();
    end();
    controller.abort();
    expect(calls).toBe(0);
  });

  it('keeps two subscriptions of one callback apart', () => {
    const controller = new AbortController();
    let calls = 0;
    const callback = () => calls++;
    const end = onAbort(controller.signal, callback);
    onAbort(controller.signal, callback);
    end();
    controller.abort();
    expect(calls).toBe(1);
  });

  it('adds one listener for 10,000 concurrent subscriptions and leaves none', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const ends = Array.from({ length: 10_000 }, () => onAbort(signal, () => undefined));
    expect(listenersOf(signal)).toBe(1);
    for (const end of ends) end();
    expect(listenersOf(signal)).toBe(0);
  });

  it('subscribes anew after all earlier subscriptions have ended', () => {
    const controller = new AbortController();
    let calls = 0;
    for (let i = 0; i < 10_000; i++) onAbort(controller.signal, () => calls++)();
    onAbort(controller.signal, () => calls++);
    controller.abort();
    expect(calls).toBe(1);
    expect(listenersOf(controller.signal)).toBe(0);
  });

  it('skips a callback whose subscription an earlier callback ends', () => {
    const controller = new AbortController();
    const called: string[] = [];
    onAbort(controller.signal, () => endOfSecond());
    const endOfSecond = onAbort(controller.signal, () => called.push('second'));
    onAbort(controller.signal, () => called.push('third'));
    controller.abort();
    expect(called).toEqual(['third']);
  });

  it('lets a callback end its own subscription and add another', () => {
    const controller = new AbortController();
    const called: string[] = [];
    const end = onAbort(controller.signal, () => {
      end();
      onAbort(controller.signal, () => called.push('added'));
    });
    controller.abort();
    expect(called).toEqual(['added']);
  });

  it('calls the remaining callbacks when one throws, and throws its error', () => {
    const failure = new Error('broken callback');
    const called: string[] = [];
    const source = new FakeSignal();
    onAbort(source, () => {
      throw failure;
    });
    onAbort(source, () => called.push('second'));
    expect(() => source.abort()).toThrow(failure);
    expect(called).toEqual(['second']);
  });
});

/** An error that a listener of a real signal throws would end the process. */
class FakeSignal {
  aborted = false;
  readonly reason = undefined;
  readonly #listeners = new Set<() => void>();

  abort(): void {
    this.aborted = true;
    for (const listener of this.#listeners) listener();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }
}
