import { setImmediate as turn } from 'node:timers/promises';
import { Admission, RefusedCallError } from './admission.js';

/** Virtual time: events happen in order, and what they settle is settled before the next. */
class Simulation {
  now = 0;
  #events: { readonly at: number; readonly happen: () => void }[] = [];

  at(time: number, happen: () => void): void {
    const index = this.#events.findLastIndex(({ at }) => at <= time);
    this.#events.splice(index + 1, 0, { at: time, happen });
  }

  passed(ms: number): Promise<void> {
    return new Promise((resolve) => this.at(this.now + ms, resolve));
  }

  async run(until: number): Promise<void> {
    for (let event = this.#events[0]; event && event.at <= until; event = this.#events[0]) {
      this.#events.shift();
      this.now = event.at;
      event.happen();
      await turn();
    }
    this.now = until;
  }
}

/** Numbers from 0 up to 1, the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

function opened(capacity: number, maxQueued = 1_000) {
  const simulation = new Simulation();
  const admission = new Admission({ capacity, maxQueued, now: () => simulation.now });
  const run = (
    kind: string,
    serviceMs: number,
    deadline = Infinity,
    signal = new AbortController().signal,
    further = false,
  ) =>
    admission.run({ kind, further, deadline, signal }, async () => {
      const started = simulation.now;
      await simulation.passed(serviceMs);
      return started;
    });
  return { simulation, admission, run };
}

const refused = (error: unknown) => (error as RefusedCallError).reason;

it('serves calls in the order in which they came', async () => {
  const { simulation, admission, run } = opened(2);
  const started = Promise.all([run('a', 10), run('a', 30), run('b', 10), run('c', 10), run('d', 10)]);
  expect(admission.queued).toBe(3);
  await simulation.run(100);
  expect(await started).toEqual([0, 0, 10, 20, 30]);
  expect(admission.queued).toBe(0);
});

it('gives a slot back when its call fails', async () => {
  const { simulation, admission, run } = opened(1);
  const failing = admission.run(
    { kind: 'a', further: false, deadline: Infinity, signal: new AbortController().signal },
    () => Promise.reject(new Error('broken')),
  );
  await expect(failing).rejects.toThrow('broken');
  const next = run('a', 10);
  await simulation.run(100);
  expect(await next).toBe(0);
});

it('refuses a call when too many are waiting', async () => {
  const { run } = opened(1, 2);
  void run('a', 10);
  void run('a', 10);
  void run('a', 10);
  await expect(run('a', 10).catch(refused)).resolves.toBe('QUEUE_FULL');
});

it('forgets a waiting call as soon as it is aborted', async () => {
  const { simulation, admission, run } = opened(1);
  const controller = new AbortController();
  const first = run('a', 50);
  const aborted = run('a', 10, Infinity, controller.signal);
  const last = run('a', 10);
  controller.abort('left');
  await expect(aborted).rejects.toBe('left');
  expect(admission.queued).toBe(1);
  await simulation.run(100);
  expect([await first, await last]).toEqual([0, 50]);
});

it('refuses a call at once when those before it take too long', async () => {
  const { simulation, run } = opened(1);
  const learnt = run('a', 100);
  await simulation.run(100);
  await learnt;
  void run('a', 100);
  void run('a', 100, 1_000);
  // 100 ms of a call before it, and 100 ms of its own.
  await expect(run('a', 100, 299).catch(refused)).resolves.toBe('DEADLINE');
  expect(simulation.now).toBe(100);
});

it('refuses a call at its turn when too little of its time is left', async () => {
  const { simulation, run } = opened(1);
  const learnt = run('quick', 10);
  await simulation.run(10);
  await learnt;
  const unforeseen = run('slow', 500);
  const late = run('quick', 10, 505).catch(refused);
  const inTime = run('quick', 10, 600);
  await simulation.run(1_000);
  expect([await unforeseen, await late, await inTime]).toEqual([10, 'DEADLINE', 510]);
});

it('serves a call for which there is a slot, whatever is expected of it', async () => {
  const { simulation, run } = opened(1);
  const learnt = run('a', 100);
  await simulation.run(100);
  await learnt;
  const unlikely = run('a', 10, 150);
  await simulation.run(200);
  expect(await unlikely).toBe(100);
});

it('serves further queries of a call before new calls', async () => {
  const { simulation, run } = opened(1);
  const { signal } = new AbortController();
  const first = run('a', 10);
  const later = run('b', 10);
  const further = run('a', 10, Infinity, signal, true);
  await simulation.run(100);
  expect([await first, await further, await later]).toEqual([0, 10, 20]);
});

it('begins no call whose further queries would be late', async () => {
  const { simulation, run } = opened(1);
  const { signal } = new AbortController();
  for (let n = 0; n < 40; n++) {
    void run('two', 100);
    await simulation.run(simulation.now + 100);
    void run('two', 100, Infinity, signal, true);
    await simulation.run(simulation.now + 100);
  }
  void run('one', 50);
  const now = simulation.now;
  await expect(run('two', 100, now + 160).catch(refused)).resolves.toBe('DEADLINE');
  const inTime = run('two', 100, now + 300);
  await simulation.run(now + 1_000);
  expect(await inTime).toBe(now + 50);
});

it('judges calls of one kind by their own times', async () => {
  const { simulation, run } = opened(1);
  const learnt = [run('slow', 1_000), run('quick', 10)];
  await simulation.run(2_000);
  await Promise.all(learnt);
  void run('quick', 10);
  const quick = run('quick', 10, 2_050);
  await simulation.run(3_000);
  expect(await quick).toBe(2_010);
});

describe.each([
  ['far below the deadline', 200, 1],
  ['near the deadline', 26, 1],
  ['far below the deadline, for calls of two queries', 200, 2],
  ['near the deadline, for calls of two queries', 80, 2],
])('a server whose times are %s', (_, ratePerSecond, queriesPerCall) => {
  it.each([1, 2, 3])('answers 80 % of its capacity in time at %d times that', async (load) => {
    const DEADLINE_MS = 1_000;
    const DURATION_MS = 5_000;
    const random = randomNumbers(load);
    const { simulation, admission } = opened(20);
    let serving = 0;
    let inTime = 0;
    // Calls share the server: the more of them, the longer each takes.
    const serve = async () => {
      serving++;
      await simulation.passed((serving / ratePerSecond) * 1_000 * (0.7 + 0.6 * random()));
      serving--;
    };
    const offer = async () => {
      const deadline = simulation.now + DEADLINE_MS;
      const { signal } = new AbortController();
      try {
        for (let query = 0; query < queriesPerCall; query++) {
          await admission.run({ kind: 'find', further: query > 0, deadline, signal }, serve);
        }
        if (simulation.now <= deadline) inTime++;
      } catch (error) {
        if (!(error instanceof RefusedCallError)) throw error;
      }
    };
    const callsPerSecond = ratePerSecond / queriesPerCall;
    for (let at = 0; at < DURATION_MS; at += 1_000 / (load * callsPerSecond)) {
      simulation.at(at, () => void offer());
    }
    await simulation.run(DURATION_MS);
    const capacity = (callsPerSecond * DURATION_MS) / 1_000;
    expect(inTime / capacity).toBeGreaterThanOrEqual(0.8);
  });
});
