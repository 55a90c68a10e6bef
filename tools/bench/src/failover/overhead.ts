import type { Bench } from '../bench.js';
import { closedLoop, inPercentiles, inThroughput, inTurns, inWarmRounds } from '../loads.js';
import { sized } from '../sized.js';
import type { BenchHosts } from './hosts.js';
import { readOurs, readRaw } from './hosts.js';

const ROUNDS = sized(7, 1);
const SECONDS = sized(3, 0.2);
const CALLERS = 10;

/** Small reads through one and two endpoints, against the official client on one host: the steady cost of the connection layer. */
export const overhead: Bench<BenchHosts> = async function* (server, { seconds = SECONDS, rounds = ROUNDS }) {
  const { a, b } = server.hosts;
  const two = server.open([a, b]);
  const one = server.open([a]);
  const raw = server.openRaw(a);
  const sides = {
    ours: (n: number) => readOurs(one, n),
    'ours, two endpoints': (n: number) => readOurs(two, n),
    '@clickhouse/client': (n: number) => readRaw(raw, n),
  };
  const forMs = seconds * 1_000;
  try {
    const runs = await inWarmRounds(rounds, { callers: CALLERS, forMs }, sides, closedLoop);
    yield* inThroughput(`5 to 10 bars, ${CALLERS} callers`, 'reads', runs);
    const turns = [];
    for (let round = 0; round < rounds; round++) turns.push(await inTurns({ forMs }, sides));
    yield* inPercentiles('5 to 10 bars, one caller', {
      ours: turns.map((turn) => turn.ours),
      'ours, two endpoints': turns.map((turn) => turn['ours, two endpoints']!),
      '@clickhouse/client': turns.map((turn) => turn['@clickhouse/client']!),
    });
  } finally {
    await Promise.all([one.probe.close(), two.probe.close(), raw.close()]);
  }
};
