import type { Result, Sides } from '../bench.js';
import { ofRounds } from '../loads.js';

/** Wall time and processor time of this process. */
export interface Cost {
  readonly ms: number;
  readonly cpuMicros: number;
}

export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMicros: user + system };
}

/** The wall time of each side's rounds, and the processor time for one of the rows in them. */
export function* inCosts(
  title: string,
  rows: number,
  runs: Sides<readonly Cost[]>,
  note: string,
): Generator<Result> {
  yield ofRounds({ case: title, unit: 'ms', note }, runs, ({ ms }) => ms);
  const processorTime = { case: `${title}: processor time of this process for one row`, unit: 'ns' };
  yield ofRounds(processorTime, runs, ({ cpuMicros }) => (cpuMicros * 1_000) / rows);
}

/** Returns those sides of some runs that one comparison has, under the name `ours` for the first. */
export function against<T>(
  runs: Readonly<Record<string, T>>,
  ours: string,
  peers: readonly string[],
): Sides<T> {
  const others = peers.map((name) => [name, runs[name]!] as const);
  return { ours: runs[ours]!, ...Object.fromEntries(others) };
}
