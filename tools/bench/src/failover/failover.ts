import { setTimeout as delay } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import type { Fault, Outcome } from '@quantumtrade/dal-fault-lab';
import { FAULTS, runAtRate, parseScenario, runScenario, successShare } from '@quantumtrade/dal-fault-lab';
import type { Bench, Result } from '../bench.js';
import { compared, percentile, spreads } from '../bench.js';
import { sized } from '../sized.js';
import type { BenchHosts } from './hosts.js';
import { readOurs, readRaw } from './hosts.js';

const ROUNDS = sized(20, 1);
const TRIED_FAULTS = sized<readonly Fault[]>(FAULTS, ['reset']);
const WARM_UP_READS = sized(200, 20);
/** Patience of each read, of both sides, in milliseconds. */
const PATIENCE_MS = 5_000;
/** Time after a fault begins, and after it ends, within which clients find out (seconds). */
const DETECTION_S = sized(2, 0.2);
const FAULT_AT_S = sized(2, 0.5);
/** The official client has one host, the failing one. Its reads are fewer, so that they leave the machine to ours. */
const RAW_SHARE = 0.1;

const FAULT_S = sized(3, 0.5);
const END_S = sized(8, 1.5);
/** Time between two looks at the state of the hosts. */
const LOOK_MS = 20;
/** Time after the end of a fault for which the host's return is waited for. */
const LONGEST_RETURN_MS = sized(20_000, 5_000);

const scenarioOf = (fault: Fault) =>
  parseScenario(`
    hosts a, b
    read 200 times a second
    at ${FAULT_AT_S} s ${fault} a
    at ${FAULT_AT_S + FAULT_S} s heal a
    end at ${END_S} s
  `);

/** Reads while one of two hosts fails, while all of them fail, and when queries are left. */
export const failover: Bench<BenchHosts> = async function* (server, { rounds = ROUNDS }) {
  const raw = server.openRaw(server.hosts.a);
  try {
    for (const fault of TRIED_FAULTS) {
      const runs: Run[] = [];
      for (let round = 0; round < rounds; round++) runs.push(await failOnce(server, raw, fault));
      yield* resultsOf(fault, runs);
    }
  } finally {
    await raw.close();
  }
  yield* allDown(server, rounds);
};

type Side = 'ours' | 'raw';

interface Run extends Record<Side, Outcome[]> {
  /** Time from the end of the fault until the host is in use again. */
  readonly returnMs: number;
}

/** Reads through a data layer of its own: a host that fails in one round after the other would stay out of use ever longer. */
async function failOnce(server: BenchHosts, raw: ClickHouseClient, fault: Fault): Promise<Run> {
  const { a, b } = server.hosts;
  const backend = server.open([a, b]);
  let looks: NodeJS.Timeout | undefined;
  try {
    for (let n = 0; n < WARM_UP_READS; n++) await readOurs(backend, n);
    const healedAt = performance.now() + (FAULT_AT_S + FAULT_S) * 1_000;
    const areInUse = () => backend.probe.endpoints!().every(({ state }) => state === 'healthy');
    let outOfUseAt = healedAt;
    looks = setInterval(() => {
      if (!areInUse()) outOfUseAt = performance.now();
    }, LOOK_MS);
    const outcomes = await runScenario(scenarioOf(fault), server.hosts, {
      ours: { call: (n) => readOurs(backend, n, { deadline: Date.now() + PATIENCE_MS }) },
      raw: { share: RAW_SHARE, call: (n) => readRaw(raw, n, AbortSignal.timeout(PATIENCE_MS)) },
    });
    while (!areInUse() && performance.now() < healedAt + LONGEST_RETURN_MS) await delay(LOOK_MS);
    return { ...outcomes, returnMs: Math.max(0, outOfUseAt - healedAt) };
  } finally {
    clearInterval(looks);
    await backend.probe.close();
  }
}

function* resultsOf(fault: Fault, runs: readonly Run[]): Generator<Result> {
  const percent = (side: Side) => runs.map((run) => 100 * successShare(run[side]));
  yield compared(
    {
      case: `${fault} of one of two hosts, 200 reads/s: reads that succeed`,
      unit: '%',
      note: `The fault lasts ${FAULT_S} s of ${END_S} s. A read fails after ${PATIENCE_MS / 1_000} s. The official client knows the failing host only.`,
    },
    { ours: percent('ours'), '@clickhouse/client': percent('raw') },
  );
  const ends = [FAULT_AT_S, FAULT_AT_S + FAULT_S];
  const isDetecting = ({ atMs }: Outcome) =>
    ends.some((end) => atMs >= end * 1_000 && atMs < (end + DETECTION_S) * 1_000);
  const p99 = (choose: (outcome: Outcome) => boolean) =>
    runs.map(({ ours }) =>
      percentile(
        ours.filter(choose).map(({ durationMs }) => durationMs),
        0.99,
      ),
    );
  yield compared(
    {
      case: `${fault} of one of two hosts: p99 after its detection`,
      unit: 'ms',
      note: `Detection: ${DETECTION_S} s after the fault begins, and after it ends.`,
    },
    {
      ours: p99((outcome) => outcome.atMs >= FAULT_AT_S * 1_000 && !isDetecting(outcome)),
      'ours, before the fault': p99(({ atMs }) => atMs < FAULT_AT_S * 1_000),
    },
  );
  yield spreads(
    { case: `${fault} of one of two hosts: slowest read`, unit: 'ms' },
    { ours: runs.map(({ ours }) => Math.max(...ours.map(({ durationMs }) => durationMs))) },
  );
  yield spreads(
    {
      case: `${fault} of one of two hosts: time until it is in use again`,
      unit: 'ms',
      note: `From the end of the fault, which for a killed host is the start of its engine. Looked at for at most ${LONGEST_RETURN_MS / 1_000} s.`,
    },
    { ours: runs.map(({ returnMs }) => returnMs) },
  );
}

const CALLS_PER_SECOND = 200;
const DOWN_MS = sized(4_000, 1_000);

/** Every host resets its connections: how many attempts the calls make, when they end, and how soon they succeed again. */
async function* allDown(server: BenchHosts, rounds: number): AsyncGenerator<Result> {
  const { a, b } = server.hosts;
  const attemptsPerCall: number[] = [];
  const recoveries: number[] = [];
  const lates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const backend = server.open([a, b]);
    try {
      for (let n = 0; n < 200; n++) await readOurs(backend, n);
      await Promise.all([a.suffer('reset'), b.suffer('reset')]);
      const before = a.resetCount + b.resetCount;
      let late = 0;
      const calls = await runAtRate({ forMs: DOWN_MS, perSecond: CALLS_PER_SECOND }, (n) => {
        const deadline = Date.now() + PATIENCE_MS;
        return readOurs(backend, n, { deadline }).finally(
          () => (late = Math.max(late, Date.now() - deadline)),
        );
      });
      lates.push(late);
      attemptsPerCall.push((a.resetCount + b.resetCount - before) / calls.length);
      await a.heal();
      const healed = performance.now();
      while (
        !(await readOurs(backend, 0, { deadline: Date.now() + PATIENCE_MS }).then(
          () => true,
          () => false,
        ))
      )
        await delay(10);
      recoveries.push(performance.now() - healed);
      await b.heal();
    } finally {
      await backend.probe.close();
    }
  }
  const note = `${CALLS_PER_SECOND} calls/s for ${DOWN_MS / 1_000} s. Attempts are requests that a host reset, probes among them.`;
  yield spreads(
    { case: 'all hosts down: attempts per call', unit: 'attempts', note },
    { ours: attemptsPerCall },
  );
  yield spreads({ case: 'all hosts down: longest time beyond a deadline', unit: 'ms' }, { ours: lates });
  yield spreads({ case: 'first host is back: time until a read succeeds', unit: 'ms' }, { ours: recoveries });
}
