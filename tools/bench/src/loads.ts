import type { RecordableHistogram } from 'node:perf_hooks';
import { createHistogram } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beginAtRate } from '@quantumtrade/dal-fault-lab';
import type { Result, Sides, Title } from './bench.js';
import { compared, eachSide, inRounds } from './bench.js';
import { shuffler } from './random.js';
import { collectGarbage } from './settle.js';
import { sized } from './sized.js';

export interface Throughput {
  readonly perSecond: number;
  /** Processor time of this process per call, in nanoseconds. Other work on the machine disturbs it least. */
  readonly processorTime: number;
}

export interface Latencies {
  /** Latency of each call, in nanoseconds. */
  readonly latencies: RecordableHistogram;
}

const WARM_UP_MS = sized(150, 10);

/**
 * Runs a load after the garbage of what ran before has been collected. A first part is not counted: the collection throws away
 * compiled code, too.
 */
export async function warmedUp<L extends { forMs: number }, T>(
  load: L,
  run: (load: L) => Promise<T>,
): Promise<T> {
  collectGarbage();
  await run({ ...load, forMs: WARM_UP_MS });
  return run(load);
}

/** Runs the same load on each side, round after round. */
export const inWarmRounds = <S, L extends { forMs: number }, T>(
  rounds: number,
  load: L,
  sides: Sides<S>,
  run: (load: L, side: S) => Promise<T>,
): Promise<Sides<readonly T[]>> =>
  inRounds(
    rounds,
    eachSide(sides, (side) => () => warmedUp(load, (load) => run(load, side))),
  );

/** So many callers take slice after slice, over and over. How many items they get through in a second. */
export async function sliceThroughput<T>(
  { callers, forMs }: { callers: number; forMs: number },
  slices: readonly (readonly T[])[],
  work: (slice: readonly T[]) => Promise<unknown>,
): Promise<Throughput> {
  let taken = 0;
  let done = 0;
  const over = begun();
  const end = performance.now() + forMs;
  await many(callers, async () => {
    while (performance.now() < end) {
      const slice = slices[taken++ % slices.length]!;
      await work(slice);
      done += slice.length;
      await nextTurn();
    }
  });
  return over(done);
}

/** So many callers, each of whom makes its next call when the last one was answered; no more calls than there may be. */
export async function closedLoop(
  { callers, forMs, atMost = Infinity }: { callers: number; forMs: number; atMost?: number },
  call: (n: number) => Promise<unknown>,
): Promise<Throughput & Latencies> {
  const latencies = createHistogram();
  let calls = 0;
  const over = begun();
  const end = performance.now() + forMs;
  await many(callers, async () => {
    for (let start = performance.now(); start < end && calls < atMost; start = performance.now()) {
      await call(calls++);
      latencies.record(nanosecondsSince(start));
    }
  });
  return { ...over(calls), latencies };
}

/**
 * So many calls a second, whether earlier ones were answered or not. A latency counts from the instant at which the call was
 * due, so that waiting for its turn is part of it. What returns no promise has been answered.
 */
export async function openLoop(
  { rate, forMs }: { rate: number; forMs: number },
  call: (n: number) => unknown,
): Promise<Pick<Throughput, 'perSecond'> & Latencies> {
  const latencies = createHistogram();
  let answered = 0;
  let failure: unknown;
  const over = begun();
  const start = performance.now();
  const fail = (error: unknown) => {
    failure ??= error;
    answered++;
  };
  const begin = (n: number, atMs: number) => {
    const answer = () => {
      latencies.record(nanosecondsSince(start + atMs));
      answered++;
    };
    const result = call(n);
    if (result instanceof Promise) result.then(answer, fail);
    else answer();
  };
  const total = await beginAtRate({ perSecond: rate, forMs, isExact: true }, begin, start);
  while (answered < total) await nextTurn();
  if (failure !== undefined) throw failure;
  return { perSecond: over(total).perSecond, latencies };
}

/** The rate and the processor time of each side's rounds. */
export function* inThroughput(
  title: string,
  unit: string,
  runs: Sides<readonly Throughput[]>,
): Generator<Result> {
  yield ofRounds({ case: title, unit: `${unit}/s` }, runs, ({ perSecond }) => perSecond);
  const processorTime = { case: `${title}: processor time of one`, unit: 'ns' };
  yield ofRounds(processorTime, runs, ({ processorTime }) => processorTime);
}

const PERCENTS = [50, 99, 99.9];

/** The percentiles of each side's rounds. */
export function* inPercentiles(title: string, runs: Sides<readonly Latencies[]>): Generator<Result> {
  for (const percent of PERCENTS) {
    const of = ({ latencies }: Latencies) => latencies.percentile(percent) / 1_000;
    yield ofRounds({ case: `${title}: p${percent}`, unit: 'µs' }, runs, of);
  }
}

export const ofRounds = <T>(title: Title, runs: Sides<readonly T[]>, figure: (run: T) => number): Result =>
  compared(
    title,
    eachSide(runs, (rounds) => rounds.map(figure)),
  );

async function many(callers: number, caller: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: callers }, caller));
}

/** Begins a measurement. The returned function ends it, given the number of calls. */
function begun(): (count: number) => Throughput {
  const start = performance.now();
  const before = process.cpuUsage();
  return (count) => {
    const { user, system } = process.cpuUsage(before);
    return {
      perSecond: Math.round((count * 1_000) / (performance.now() - start)),
      processorTime: ((user + system) * 1_000) / count,
    };
  };
}

/** So many calls, and then it is another side's turn: the first ones, which find the processor's caches cold, are few. */
const CALLS_IN_TURN = sized(200, 5);
const SEED = 1;

/**
 * One caller who asks the sides in turn, so that whatever else the machine does falls on all of them alike; in a random order,
 * so that none always comes after the one that leaves most garbage behind.
 */
export async function inTurns(
  { forMs }: { forMs: number },
  sides: Sides<(n: number) => Promise<unknown>>,
): Promise<Sides<Latencies>> {
  const taken = eachSide(sides, (call) => ({ call, latencies: createHistogram() }));
  const shuffled = shuffler(SEED);
  const end = performance.now() + forMs;
  for (let n = 0; performance.now() < end; n += CALLS_IN_TURN) {
    for (const { call, latencies } of shuffled(Object.values(taken))) {
      for (let i = 0; i < CALLS_IN_TURN; i++) {
        const start = performance.now();
        await call(n + i);
        latencies.record(nanosecondsSince(start));
      }
    }
  }
  return taken;
}

/** At least 1, which is the least that a histogram takes. */
const nanosecondsSince = (ms: number) => Math.max(1, Math.round((performance.now() - ms) * 1e6));
