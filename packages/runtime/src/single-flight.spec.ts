import type { LightAbortSignal } from './light-abort-signal.js';
import { ManualClock } from './manual-clock.js';
import type { Flight } from './single-flight.js';
import { SingleFlight } from './single-flight.js';

const timeoutError = (elapsedMs: number) => new Error(`timed out after ${elapsedMs} ms`);

let clock: ManualClock;
let calls: SingleFlight;
let started: {
  signal: LightAbortSignal | undefined;
  resolve(value: string): void;
  reject(error: Error): void;
}[];
beforeEach(() => {
  clock = new ManualClock();
  calls = new SingleFlight(timeoutError, clock);
  started = [];
});

const start = ({ signal }: Flight) =>
  new Promise<string>((resolve, reject) => started.push({ signal, resolve, reject }));

it('single flight runs work once for concurrent callers of a key', async () => {
  const outcomes = [1, 2, 3].map(() => calls.run('a', undefined, start));
  const other = calls.run('b', undefined, start);
  expect([started.length, calls.joinedCount, calls.has('a')]).toEqual([2, 2, true]);
  started[0]!.resolve('A');
  started[1]!.resolve('B');
  await expect(Promise.all([...outcomes, other])).resolves.toEqual(['A', 'A', 'A', 'B']);
  expect(calls.has('a')).toBe(false);
});

it('single flight passes an error to every caller', async () => {
  const outcomes = [1, 2].map(() => calls.run('a', undefined, start));
  started[0]!.reject(new Error('broken'));
  for (const outcome of outcomes) await expect(outcome).rejects.toThrow('broken');
  void calls.run('a', undefined, start);
  expect(started).toHaveLength(2);
});

it('single flight ends only the caller whose deadline passes', async () => {
  const patient = calls.run('a', { deadline: clock.now() + 20 }, start);
  const hasty = calls.run('a', { deadline: clock.now() + 10 }, start);
  clock.advance(10);
  await expect(hasty).rejects.toThrow('timed out after 10 ms');
  expect(started[0]!.signal!.aborted).toBe(false);
  started[0]!.resolve('A');
  await expect(patient).resolves.toBe('A');
});

it('single flight has no signal when its first caller waits without limits', async () => {
  const patient = calls.run('a', undefined, start);
  const hasty = calls.run('a', { deadline: clock.now() + 10 }, start);
  clock.advance(10);
  await expect(hasty).rejects.toThrow('timed out after 10 ms');
  expect([started[0]!.signal, calls.has('a')]).toEqual([undefined, true]);
  started[0]!.resolve('A');
  await expect(patient).resolves.toBe('A');
});

it('single flight aborts the work when its last caller has left', async () => {
  const controllers = [new AbortController(), new AbortController()];
  const outcomes = controllers.map(({ signal }) => calls.run('a', { signal }, start));
  controllers[0]!.abort('first');
  expect(started[0]!.signal!.aborted).toBe(false);
  controllers[1]!.abort('second');
  expect(started[0]!.signal!.aborted).toBe(true);
  expect(calls.has('a')).toBe(false);
  await expect(outcomes[0]).rejects.toBe('first');
  await expect(outcomes[1]).rejects.toBe('second');
});

it('forget makes later callers start new work', async () => {
  const first = calls.run('a', undefined, start);
  calls.forget('a');
  const second = calls.run('a', undefined, start);
  started[0]!.resolve('old');
  started[1]!.resolve('new');
  await expect(first).resolves.toBe('old');
  await expect(second).resolves.toBe('new');
  void calls.run('b', undefined, start);
  calls.forgetAll();
  expect(calls.has('b')).toBe(false);
});

it('a caller that may not join starts work that later callers join', async () => {
  void calls.run('a', undefined, start);
  const fresh = calls.run('a', undefined, start, false);
  const joined = calls.run('a', undefined, start);
  expect(started).toHaveLength(2);
  started[0]!.resolve('old');
  await Promise.resolve();
  expect(calls.has('a')).toBe(true);
  started[1]!.resolve('new');
  await expect(Promise.all([fresh, joined])).resolves.toEqual(['new', 'new']);
});

it('single flight joins adopted work until it settles', async () => {
  const others = new SingleFlight(timeoutError, clock);
  const first = calls.run('a', undefined, (flight) => {
    queueMicrotask(() => others.adopt('x', flight));
    return start(flight);
  });
  await Promise.resolve();
  const joined = others.join('x', undefined);
  expect([others.has('x'), others.has('a'), started.length]).toEqual([true, false, 1]);
  started[0]!.resolve('A');
  await expect(Promise.all([first, joined])).resolves.toEqual(['A', 'A']);
  await Promise.resolve();
  expect([others.has('x'), others.join('x', undefined)]).toEqual([false, undefined]);
});

it('single flight does not join adopted work without callers', async () => {
  const others = new SingleFlight(timeoutError, clock);
  const controller = new AbortController();
  const abandoned = calls.run('a', { signal: controller.signal }, (flight) => {
    queueMicrotask(() => others.adopt('x', flight));
    return start(flight);
  });
  await Promise.resolve();
  controller.abort(new Error('enough'));
  await expect(abandoned).rejects.toThrow('enough');
  expect([started[0]!.signal!.aborted, others.has('x')]).toEqual([true, false]);
});
