import type { ClickHouseClient } from '@clickhouse/client';
import type { CallOptions, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { runAtRate, type Outcome } from '@quantumtrade/dal-fault-lab';
import type { Bench, Sides } from '../bench.js';
import { compared, eachSide, inRounds, percentile } from '../bench.js';
import { closedLoop } from '../loads.js';
import { watchMemory } from '../memory.js';
import { sized } from '../sized.js';
import type { BenchHosts } from './hosts.js';
import { readOurs, readRaw } from './hosts.js';

const ROUNDS = sized(5, 1);
const SECONDS = sized(6, 0.5);
const CAPACITY_MS = sized(3_000, 300);
const CALLERS = 20;
/** Reads due in a second, as a multiple of those that one host serves. */
const OVERLOAD = 3;
/** Time that each read has, waiting included (milliseconds). */
const PATIENCE_MS = 1_000;
/** Every so many reads have a high priority. */
const HIGH_EVERY = 10;

interface Overload {
  readonly outcomes: readonly Outcome[];
  readonly memory: number;
}

type Read = (n: number, isHigh: boolean) => Promise<unknown>;

/** Reads three times as often as one host can answer, each within a second: how many are answered in time, and which. */
export const overload: Bench<BenchHosts> = async function* (server, { seconds = SECONDS, rounds = ROUNDS }) {
  const { a } = server.hosts;
  const ours = server.open([a]);
  const adaptive = server.open([a], { adaptiveLimit: true });
  const raw = server.openRaw(a);
  try {
    const capacities: number[] = [];
    const measure = async () => {
      const load = { callers: CALLERS, forMs: CAPACITY_MS };
      capacities.push((await closedLoop(load, (n) => readOurs(ours, n))).perSecond);
    };
    await measure();
    const suffer = (read: Read) => async (): Promise<Overload> => {
      const memory = watchMemory();
      const perSecond = OVERLOAD * capacities.at(-1)!;
      const outcomes = await runAtRate({ forMs: seconds * 1_000, perSecond }, (n) => read(n, isHigh(n)));
      return { outcomes, memory: memory().rss };
    };
    const runs = await inRounds(rounds, {
      ours: async () => {
        await measure();
        return suffer(ofOurs(ours))();
      },
      'ours, adaptiveLimit': suffer(ofOurs(adaptive)),
      '@clickhouse/client': suffer(ofRaw(raw)),
    });
    yield* results(runs, capacities.slice(-rounds), seconds);
  } finally {
    await Promise.all([ours.probe.close(), adaptive.probe.close(), raw.close()]);
  }
};

const isHigh = (n: number): boolean => n % HIGH_EVERY === 0;

const ofOurs =
  (backend: TimeSeriesBackend): Read =>
  (n, high) => {
    const priority: CallOptions['priority'] = high ? 'high' : 'normal';
    return readOurs(backend, n, { priority, deadline: Date.now() + PATIENCE_MS });
  };

const ofRaw =
  (client: ClickHouseClient): Read =>
  (n) =>
    readRaw(client, n, AbortSignal.timeout(PATIENCE_MS));

function* results(runs: Sides<readonly Overload[]>, capacities: readonly number[], seconds: number) {
  const title = `reads ${OVERLOAD} times as often as the host answers`;
  const inTime = ({ error, durationMs }: Outcome) => error === undefined && durationMs <= PATIENCE_MS;
  const of = (figure: (run: Overload, round: number) => number) => eachSide(runs, (side) => side.map(figure));
  const shareOf = (outcomes: readonly Outcome[]) =>
    (100 * outcomes.filter(inTime).length) / Math.max(1, outcomes.length);
  yield compared(
    {
      case: `${title}: answered in time, of the reads that it answers without overload`,
      unit: '%',
      note: `Each read has ${PATIENCE_MS / 1_000} s from the instant at which it is due; one in ${HIGH_EVERY} has a high priority.`,
    },
    of(({ outcomes }, round) => (100 * outcomes.filter(inTime).length) / seconds / capacities[round]!),
  );
  yield compared(
    { case: `${title}: p99 of the answered`, unit: 'ms' },
    of(({ outcomes }) => {
      const answered = outcomes.filter(({ error }) => error === undefined);
      return percentile(
        answered.map(({ durationMs }) => durationMs),
        0.99,
      );
    }),
  );
  yield compared(
    { case: `${title}: reads of high priority answered in time`, unit: '%' },
    of(({ outcomes }) => shareOf(outcomes.filter((_, n) => isHigh(n)))),
  );
  yield compared(
    { case: `${title}: peak of resident memory above the start`, unit: 'MiB' },
    of(({ memory }) => memory),
  );
}
