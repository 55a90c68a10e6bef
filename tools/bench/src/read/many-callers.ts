import type { Result, Sides } from '../bench.js';
import { eachSide, inRounds } from '../bench.js';
import type { Latencies, Throughput } from '../loads.js';
import { closedLoop, ofRounds } from '../loads.js';
import { settleServer } from '../settle.js';
import type { ReadContext } from './case.js';
import { sized } from '../sized.js';

/** As raw lookups of many callers take seconds. */
const MAX_ROUNDS = 3;
const WARM_UP = { forMs: sized(100, 20), atMost: 200 };

/** Measures lookups of many callers, each of whom makes the next one when the last was answered. */
export async function* manyCallers(
  { server, scale }: ReadContext,
  title: string,
  note: string,
  sides: Sides<(n: number) => Promise<void>>,
): AsyncGenerator<Result> {
  const { callers, forMs } = scale;
  const measure = (call: (n: number) => Promise<void>) => async () => {
    await settleServer(server);
    await closedLoop({ callers, ...WARM_UP }, call);
    return closedLoop({ callers, forMs }, call);
  };
  const runs = await inRounds(Math.min(MAX_ROUNDS, scale.rounds), eachSide(sides, measure));
  yield* inLookups(`${title}, ${callers.toLocaleString('en-US')} callers`, note, runs);
}

function* inLookups(
  title: string,
  note: string,
  runs: Sides<readonly (Throughput & Latencies)[]>,
): Generator<Result> {
  yield ofRounds({ case: title, unit: 'lookups/s', note }, runs, ({ perSecond }) => perSecond);
  for (const percent of [50, 95]) {
    const of = ({ latencies }: Latencies) => latencies.percentile(percent) / 1e6;
    yield ofRounds({ case: `${title}: p${percent}`, unit: 'ms' }, runs, of);
  }
  const processorTime = { case: `${title}: processor time of this process for one lookup`, unit: 'µs' };
  yield ofRounds(processorTime, runs, ({ processorTime }) => processorTime / 1e3);
}
