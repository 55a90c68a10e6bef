import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '@quantumtrade/dal-testing';
import { CacheWorld } from './cache/cache-world.js';
import type { Findings } from './cache/checked-reader.js';
import { RedisBehindSentinels } from './cache/redis-behind-sentinels.js';
import { RedisCluster } from './cache/redis-cluster.js';
import { PLAN, SEED } from './plan.js';

const LONGEST_PAUSE_MS = 300;

let world: CacheWorld;
afterEach(() => world.stop());

/** How long it took for a replica to take over; all processes are told of changes again soon afterwards. */
async function failoverMs(kill: () => Promise<unknown>): Promise<number> {
  const begin = Date.now();
  await kill();
  const failover = Date.now();
  await world.settled();
  const backMs = Date.now() - failover;
  console.log(`a new master after ${failover - begin} ms, listened to ${backMs} ms later`);
  expect(backMs).toBeLessThan(PLAN.backWithinMs);
  return failover - begin;
}

function expectCoherence(findings: readonly Findings[]): void {
  for (const { wrong, checked, atHand, rejected } of findings) {
    expect(wrong).toEqual([]);
    expect(checked.connected).toBeGreaterThan(0);
    expect(atHand).toBeGreaterThan(0);
    expect(rejected).toBeGreaterThan(0);
  }
}

it(`no process reads what it must know to be old while the masters of a cluster change, go and come back, and slots move (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const redis = await RedisCluster.start();
  world = await CacheWorld.start(redis, PLAN.readingProcesses, random);
  await world.settled();
  const pause = () => delay(random.below(LONGEST_PAUSE_MS));
  for (let round = 0; round < PLAN.failovers; round++) {
    const shard = random.below(3);
    await redis.migrate(shard);
    await pause();
    await redis.swap(random.below(3));
    await pause();
    await redis.restart(random.below(3), (keys) => world.whileUntold(keys, pause));
    await world.settled();
    await failoverMs(() => redis.kill(shard));
    if (round + 1 === PLAN.failovers) break;
    await redis.restore(shard);
    await world.settled();
    await pause();
  }
  expectCoherence(await world.findings());
});

it(`no process reads what it must know to be old when the master that Sentinels watch is killed (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const redis = await RedisBehindSentinels.start();
  world = await CacheWorld.start(redis, PLAN.readingProcesses, random);
  await world.settled();
  let longestMs = 0;
  for (let round = 0; round < PLAN.failovers; round++) {
    longestMs = Math.max(longestMs, await failoverMs(() => redis.kill()));
    if (round + 1 < PLAN.failovers) await redis.restore();
  }
  const findings = await world.findings();
  expectCoherence(findings);
  for (const { longestSilenceMs } of findings)
    expect(longestSilenceMs).toBeLessThan(longestMs + PLAN.backWithinMs);
});
