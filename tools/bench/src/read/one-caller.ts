import type { Result, Sides } from '../bench.js';
import { eachSide, inRounds, percentile } from '../bench.js';
import { ofRounds } from '../loads.js';
import { settleServer } from '../settle.js';
import type { ReadContext } from './case.js';

const WARM_UP_CALLS = 5;

/** Latencies of one caller's calls, one after the other, and the processor time of this process for one of them. */
interface Calls {
  readonly p50: number;
  readonly p95: number;
  readonly cpuMicros: number;
}

/** Measures sides whose calls differ by their number only. `call` fails when an answer is not the expected one. */
export async function* oneCaller(
  { server, scale }: ReadContext,
  title: string,
  note: string,
  sides: Sides<(n: number) => Promise<void>>,
  calls = scale.calls,
): AsyncGenerator<Result> {
  let round = 0;
  const measure = (call: (n: number) => Promise<void>) => async () => {
    await settleServer(server);
    for (let n = 0; n < WARM_UP_CALLS; n++) await call(n);
    const first = WARM_UP_CALLS + round++ * calls;
    return callsFrom(first, calls, call);
  };
  const runs = await inRounds(scale.rounds, eachSide(sides, measure));
  yield ofRounds({ case: `${title}: p50`, unit: 'ms', note }, runs, ({ p50 }) => p50);
  yield ofRounds({ case: `${title}: p95`, unit: 'ms' }, runs, ({ p95 }) => p95);
  const processorTime = { case: `${title}: processor time of this process for one call`, unit: 'µs' };
  yield ofRounds(processorTime, runs, ({ cpuMicros }) => cpuMicros);
}

async function callsFrom(first: number, count: number, call: (n: number) => Promise<void>): Promise<Calls> {
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  for (let n = first; n < first + count; n++) {
    const started = performance.now();
    await call(n);
    latencies.push(performance.now() - started);
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    p50: percentile(latencies, 0.5),
    p95: percentile(latencies, 0.95),
    cpuMicros: (user + system) / count,
  };
}

/** Throws unless an answer has this many rows. */
export function requireRows(rows: readonly unknown[], count: number): void {
  if (rows.length !== count) throw new Error(`${rows.length} rows were read, ${count} are there`);
}
