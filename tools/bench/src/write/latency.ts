import type { Result, Sides } from '../bench.js';
import { compared, eachSide, elapsed, inRounds, percentile } from '../bench.js';
import type { BenchServer } from '../server.js';
import { settleServer } from '../settle.js';
import { benchBars } from './bars.js';
import type { WriteSide } from './side.js';
import { empty } from './side.js';
import { sized } from '../sized.js';

const ROUNDS = sized(5, 1);
const SIZE = sized(1_000, 50);
/** Batches of one side in one round. */
const COUNT = sized(100, 3);
const CASE = 'latency of a batch of 1,000 row objects, one after the other';

/** How long the caller of one batch waits. The spreads are those of the rounds' percentiles. */
export async function* latency(server: BenchServer, sides: Sides<WriteSide>): AsyncGenerator<Result> {
  const latencies = await inRounds(
    ROUNDS,
    eachSide(sides, (side) => () => measure(server, side)),
  );
  const at = (share: number) =>
    eachSide(latencies, (rounds) => rounds.map((round) => percentile(round, share)));
  const medians = at(0.5);
  const p95 = at(0.95);
  yield compared({ case: `${CASE}: p50`, unit: 'ms' }, medians);
  yield compared({ case: `${CASE}: p95`, unit: 'ms' }, p95);
  yield compared({ case: `${CASE}: p99`, unit: 'ms' }, at(0.99));
  yield compared(
    { case: `${CASE}: our p95 against the p50 of others`, unit: 'ms' },
    { ...medians, ours: p95.ours },
  );
}

async function measure(server: BenchServer, side: WriteSide): Promise<number[]> {
  const source = benchBars(SIZE);
  const sends = Array.from({ length: COUNT }, () => side.prepare(source.next().value));
  await settleServer(server);
  const latencies: number[] = [];
  for (const send of sends) latencies.push(await elapsed(send));
  await empty(server, side);
  return latencies;
}
