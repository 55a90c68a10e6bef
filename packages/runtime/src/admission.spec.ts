import { NotAdmittedError } from './admission.js';
import { SeededRandom } from './seeded-random.js';
import { createAdmission } from './testing/admission-simulation.js';

const reasonOf = (error: unknown) => (error as NotAdmittedError).reason;

it('admits queries in the order of their calls', async () => {
  const { simulation, admission, run } = createAdmission(2);
  const started = Promise.all([run('a', 10), run('a', 30), run('b', 10), run('c', 10), run('d', 10)]);
  expect(admission.queued).toBe(3);
  await simulation.run(100);
  expect(await started).toEqual([0, 0, 10, 20, 30]);
  expect(admission.queued).toBe(0);
});

it('frees the slot when a query fails', async () => {
  const { simulation, serve, run } = createAdmission(1);
  const deadline = { at: Infinity, signal: new AbortController().signal };
  const failing = serve({ operation: 'a', continues: false, deadline }, () =>
    Promise.reject(new Error('broken')),
  );
  await expect(failing).rejects.toThrow('broken');
  const next = run('a', 10);
  await simulation.run(100);
  expect(await next).toBe(0);
});

it('refuses a call when too many calls wait', async () => {
  const { run } = createAdmission(1, 2);
  void run('a', 10);
  void run('a', 10);
  void run('a', 10);
  await expect(run('a', 10).catch(reasonOf)).resolves.toBe('QUEUE_FULL');
});

it('removes a waiting query when it is aborted', async () => {
  const { simulation, admission, run } = createAdmission(1);
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

it('refuses a query when the queue takes too long', async () => {
  const { simulation, run } = createAdmission(1);
  const earlier = run('a', 100);
  await simulation.run(100);
  await earlier;
  void run('a', 100);
  void run('a', 100, 1_000);
  // 100 ms of a call before it, and 100 ms of its own.
  await expect(run('a', 100, 299).catch(reasonOf)).resolves.toBe('DEADLINE');
  expect(simulation.now).toBe(100);
});

it('refuses a query at its turn when too little time is left', async () => {
  const { simulation, run } = createAdmission(1);
  const earlier = run('quick', 10);
  await simulation.run(10);
  await earlier;
  const slow = run('slow', 500);
  const late = run('quick', 10, 505).catch(reasonOf);
  const inTime = run('quick', 10, 600);
  await simulation.run(1_000);
  expect([await slow, await late, await inTime]).toEqual([10, 'DEADLINE', 510]);
});

it('admits any query when a slot is free', async () => {
  const { simulation, run } = createAdmission(1);
  const earlier = run('a', 100);
  await simulation.run(100);
  await earlier;
  const unlikely = run('a', 10, 150);
  await simulation.run(200);
  expect(await unlikely).toBe(100);
});

it('admits continuing queries before new calls', async () => {
  const { simulation, run } = createAdmission(1);
  const { signal } = new AbortController();
  const first = run('a', 10);
  const later = run('b', 10);
  const continuing = run('a', 10, Infinity, signal, true);
  await simulation.run(100);
  expect([await first, await continuing, await later]).toEqual([0, 10, 20]);
});

it('refuses a call when its continuing queries would be late', async () => {
  const { simulation, run } = createAdmission(1);
  const { signal } = new AbortController();
  for (let n = 0; n < 40; n++) {
    void run('two', 100);
    await simulation.run(simulation.now + 100);
    void run('two', 100, Infinity, signal, true);
    await simulation.run(simulation.now + 100);
  }
  void run('one', 50);
  const now = simulation.now;
  await expect(run('two', 100, now + 160).catch(reasonOf)).resolves.toBe('DEADLINE');
  const inTime = run('two', 100, now + 300);
  await simulation.run(now + 1_000);
  expect(await inTime).toBe(now + 50);
});

it('expects the durations of the same operation', async () => {
  const { simulation, run } = createAdmission(1);
  const earlier = [run('slow', 1_000), run('quick', 10)];
  await simulation.run(2_000);
  await Promise.all(earlier);
  void run('quick', 10);
  const quick = run('quick', 10, 2_050);
  await simulation.run(3_000);
  expect(await quick).toBe(2_010);
});

describe.each([
  ['short queries', 200, 1],
  ['queries near the deadline', 26, 1],
  ['calls of two short queries', 200, 2],
  ['calls of two queries near the deadline', 80, 2],
])('with %s', (_, ratePerSecond, queriesPerCall) => {
  it.each([1, 2, 3])('80 % of capacity is answered in time at load %d', async (load) => {
    const DEADLINE_MS = 1_000;
    const DURATION_MS = 5_000;
    const random = new SeededRandom(load);
    const { simulation, serve } = createAdmission(20);
    let serving = 0;
    let inTime = 0;
    // Calls share the server: the more of them, the longer each takes.
    const work = async () => {
      serving++;
      await simulation.passed((serving / ratePerSecond) * 1_000 * (0.7 + 0.6 * random.next()));
      serving--;
    };
    const offer = async () => {
      const deadline = { at: simulation.now + DEADLINE_MS, signal: new AbortController().signal };
      try {
        for (let query = 0; query < queriesPerCall; query++) {
          await serve({ operation: 'find', continues: query > 0, deadline }, work);
        }
        if (simulation.now <= deadline.at) inTime++;
      } catch (error) {
        if (!(error instanceof NotAdmittedError)) throw error;
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
