import { Admission, type AdmittedQuery } from '../admission.js';
import type { TimeSource } from '../clock.js';
import type { AbortSource } from '../deadline.js';
import type { Priority } from '../fair-queue.js';
import type { ConcurrencyLimit } from '../concurrency-limit.js';
import { Simulation } from './simulation.js';

/** Creates an admission in simulated time. */
export function createAdmission(
  capacity: number | ((time: TimeSource) => ConcurrencyLimit),
  maxQueued = 1_000,
) {
  const simulation = new Simulation();
  const time = { now: () => simulation.now };
  const limit = typeof capacity === 'number' ? capacity : capacity(time);
  const admission = new Admission({ limit, maxQueued, time });
  /** Runs work for a query at its turn. */
  const serve = async <T>(query: AdmittedQuery, work: () => Promise<T>): Promise<T> => {
    const turn = admission.acquire(query);
    if (turn) await turn;
    const startedAt = simulation.now;
    let succeeded = false;
    try {
      const result = await work();
      succeeded = true;
      return result;
    } finally {
      admission.record(query, simulation.now - startedAt, succeeded ? 'success' : 'failure');
      admission.release();
    }
  };
  /** Resolves with the time at which the query got its slot. */
  const run = (
    operation: string,
    durationMs: number,
    deadline = Infinity,
    signal: AbortSource = new AbortController().signal,
    continues = false,
    priority?: Priority,
  ) =>
    serve({ operation, continues, priority, deadline: { at: deadline, signal } }, async () => {
      const startedAt = simulation.now;
      await simulation.passed(durationMs);
      return startedAt;
    });
  return { simulation, admission, serve, run };
}
