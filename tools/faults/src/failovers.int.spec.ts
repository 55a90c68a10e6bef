import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '@quantumtrade/dal-testing';
import { CacheSimulation } from './cache/cache-simulation.js';
import type { ReaderFindings } from './cache/checked-reader.js';
import { SentinelRedis } from './cache/sentinel-redis.js';
import { ClusterRedis } from './cache/cluster-redis.js';
import { PLAN, SEED } from './plan.js';

const MAX_PAUSE_MS = 300;

let simulation: CacheSimulation;
afterEach(() => simulation.stop());

/** Kills a master. Returns how long the failover took. Expects that all processes receive invalidations soon afterwards. */
async function failoverMs(kill: () => Promise<unknown>): Promise<number> {
  const begin = Date.now();
  await kill();
  const failover = Date.now();
  await simulation.settled();
  const backMs = Date.now() - failover;
  console.log(`a new master after ${failover - begin} ms, invalidations ${backMs} ms later`);
  expect(backMs).toBeLessThan(PLAN.backWithinMs);
  return failover - begin;
}

function expectCoherence(findings: readonly ReaderFindings[]): void {
  for (const { violations, checked, firstLevelHits, rejected } of findings) {
    expect(violations).toEqual([]);
    expect(checked.connected).toBeGreaterThan(0);
    expect(firstLevelHits).toBeGreaterThan(0);
    expect(rejected).toBeGreaterThan(0);
  }
}

it(`failovers and slot migrations of a cluster cause no stale read (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const redis = await ClusterRedis.start();
  simulation = await CacheSimulation.start(redis, PLAN.readingProcesses, random);
  await simulation.settled();
  const pause = () => delay(random.below(MAX_PAUSE_MS));
  for (let round = 0; round < PLAN.failovers; round++) {
    const shard = random.below(3);
    await redis.migrate(shard);
    await pause();
    await redis.swap(random.below(3));
    await pause();
    await redis.restart(random.below(3), (keys) => simulation.whileUnreachable(keys, pause));
    await simulation.settled();
    await failoverMs(() => redis.kill(shard));
    if (round + 1 === PLAN.failovers) break;
    await redis.restore(shard);
    await simulation.settled();
    await pause();
  }
  expectCoherence(await simulation.finish());
});

it(`failovers by Sentinels cause no stale read (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const redis = await SentinelRedis.start();
  simulation = await CacheSimulation.start(redis, PLAN.readingProcesses, random);
  await simulation.settled();
  let longestMs = 0;
  for (let round = 0; round < PLAN.failovers; round++) {
    longestMs = Math.max(longestMs, await failoverMs(() => redis.kill()));
    if (round + 1 < PLAN.failovers) await redis.restore();
  }
  const findings = await simulation.finish();
  expectCoherence(findings);
  for (const { longestFailureMs } of findings)
    expect(longestFailureMs).toBeLessThan(longestMs + PLAN.backWithinMs);
});
