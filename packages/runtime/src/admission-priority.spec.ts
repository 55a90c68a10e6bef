import { NotAdmittedError } from './admission.js';
import { ConcurrencyLimit } from './concurrency-limit.js';
import type { Priority } from './fair-queue.js';
import { SeededRandom } from './seeded-random.js';
import { createAdmission } from './testing/admission-simulation.js';

const DEADLINE_MS = 1_000;
const PRIORITIES = ['high', 'normal', 'low'] as const;
type Admissions = ReturnType<typeof createAdmission>;

/** Queues a query of 10 ms. */
const queue = ({ run }: Admissions, priority: Priority) =>
  run('a', 10, Infinity, new AbortController().signal, false, priority).catch(
    ({ reason }: NotAdmittedError) => reason,
  );

it('admits important queries before those that came earlier', async () => {
  const created = createAdmission(1);
  const started = ['normal', 'low', 'normal', 'high'].map((priority) => queue(created, priority as Priority));
  await created.simulation.run(100);
  expect(await Promise.all(started)).toEqual([0, 30, 20, 10]);
});

it('refuses the least important call when the queue is full', async () => {
  const created = createAdmission(1, 3);
  const started = ['normal', 'low', 'low', 'normal', 'high', 'normal', 'low', 'normal', 'high'].map(
    (priority) => queue(created, priority as Priority),
  );
  expect(created.admission.queued).toBe(3);
  await created.simulation.run(100);
  expect(await Promise.all(started)).toEqual([
    0,
    'QUEUE_FULL',
    'QUEUE_FULL',
    30,
    10,
    'QUEUE_FULL',
    'QUEUE_FULL',
    'QUEUE_FULL',
    20,
  ]);
});

it('refuses waiting and further calls when closed', async () => {
  const created = createAdmission(1);
  const { admission, simulation } = created;
  const [running, waiting] = [queue(created, 'normal'), queue(created, 'high')];
  admission.close();
  const idle = admission.idle.then(() => simulation.now);
  expect([await waiting, await queue(created, 'high'), admission.queued]).toEqual(['CLOSED', 'CLOSED', 0]);
  await simulation.run(100);
  expect([await running, await idle, admission.running]).toEqual([0, 10, 0]);
  await admission.idle;
});

it('adds up the time that calls have waited', async () => {
  const created = createAdmission(1);
  const started = [queue(created, 'normal'), queue(created, 'normal'), queue(created, 'low')];
  await created.simulation.run(100);
  await Promise.all(started);
  expect(created.admission.waitedMs).toBe(10 + 20);
});

/**
 * Offers queries with a deadline to a server that runs 20 at once, and answers 200 a second. Returns the share of each
 * priority's calls that were answered in time, that of the capacity which they are, and how many of the sent ones were late.
 */
async function overload(created: Admissions, offered: Readonly<Record<Priority, number>>, seed: number) {
  const SECONDS = 5;
  const { simulation, serve } = created;
  const random = new SeededRandom(seed);
  const inTime = { high: 0, normal: 0, low: 0 };
  let late = 0;
  let serving = 0;
  const work = async () => {
    serving++;
    await simulation.passed((Math.max(1, serving / 20) * 20_000 * (0.7 + 0.6 * random.next())) / 200);
    serving--;
  };
  const offer = async (priority: Priority) => {
    const deadline = { at: simulation.now + DEADLINE_MS, signal: new AbortController().signal };
    try {
      await serve({ operation: 'find', continues: false, priority, deadline }, work);
      if (simulation.now <= deadline.at) inTime[priority]++;
      else late++;
    } catch (error) {
      if (!(error instanceof NotAdmittedError)) throw error;
    }
  };
  for (const priority of PRIORITIES) {
    for (let at = random.next(); at < SECONDS * 1_000; at += 1_000 / (200 * offered[priority])) {
      simulation.at(at, () => void offer(priority));
    }
  }
  await simulation.run(SECONDS * 1_000 + DEADLINE_MS);
  const sent = inTime.high + inTime.normal + inTime.low;
  const shareOf = (priority: Priority) => inTime[priority] / (200 * SECONDS * offered[priority]);
  return {
    high: shareOf('high'),
    normal: shareOf('normal'),
    low: shareOf('low'),
    goodput: sent / (200 * SECONDS),
    late: late / (sent + late),
  };
}

it.each([1, 2])('answers important calls at three times the load, seed %d', async (seed) => {
  const shares = await overload(createAdmission(20), { high: 0.5, normal: 1, low: 1.5 }, seed);
  expect(shares.high).toBeGreaterThan(0.98);
  expect(shares.normal).toBeGreaterThan(0.3);
  // Low has 1 of the 5 parts that high does not use.
  expect(shares.low).toBeGreaterThan(0.04);
  expect(shares.goodput).toBeGreaterThan(0.95);
  expect(shares.late).toBeLessThan(0.01);
});

it('answers unimportant calls while important ones exceed the capacity', async () => {
  const shares = await overload(createAdmission(20), { high: 2, normal: 0.5, low: 0.5 }, 1);
  expect(shares.low).toBeGreaterThan(0.05);
  expect(shares.normal).toBeGreaterThan(shares.low);
  expect(shares.goodput).toBeGreaterThan(0.95);
});

it('lets the limit adapt to the server', async () => {
  const created = createAdmission((time) => new ConcurrencyLimit(time, { initial: 60 }));
  const shares = await overload(created, { high: 0.5, normal: 1, low: 1.5 }, 1);
  expect(shares.high).toBeGreaterThan(0.95);
  expect(shares.goodput).toBeGreaterThan(0.9);
  expect(shares.late).toBeLessThan(0.01);
});
