import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '@quantumtrade/dal-testing';
import { CacheSimulation } from './cache/cache-simulation.js';
import type { ConnectionKind, RedisFaultProxy } from './cache/redis-fault-proxy.js';
import { SingleRedis } from './cache/single-redis.js';
import { PLAN, SEED } from './plan.js';

const CUT_KINDS: readonly (readonly ConnectionKind[])[] = [
  ['command'],
  ['invalidation'],
  ['command', 'invalidation'],
];

/** Cuts connections at random, mostly at a chosen moment if there is one. */
async function cutOften(proxy: RedisFaultProxy, cuts: number, random: Random, moment?: () => Promise<void>) {
  while (Math.min(proxy.cuts.command, proxy.cuts.invalidation) < cuts) {
    if (moment && random.chance(0.8)) await moment();
    await delay(random.below(40));
    const discardMs = random.chance(0.05) ? 150 : random.below(10);
    await proxy.cut(random.pick(CUT_KINDS), discardMs);
  }
}

let simulation: CacheSimulation;
afterEach(() => simulation.stop());

it.each([
  ['foreign writers', 'tracking', PLAN.cuts],
  ['library writers', 'pubsub', PLAN.cutsWithoutTracking],
] as const)(
  `cut connections cause no stale read with %s (QT_SEED=${SEED})`,
  async (_, invalidation, cuts) => {
    const random = new Random(SEED);
    const redis = await SingleRedis.start(PLAN.readingProcesses, random, invalidation);
    simulation = await CacheSimulation.start(redis, PLAN.readingProcesses, random);
    await simulation.settled();
    const fork = () => new Random(random.below(2 ** 31));
    await Promise.all([
      ...redis.proxies.map((proxy, i) =>
        cutOften(proxy, cuts, fork(), () => simulation.awaitInvalidations(i)),
      ),
      ...redis.writerProxies.map((proxy) => cutOften(proxy, cuts, fork())),
    ]);
    for (const { violations, checked, firstLevelHits } of await simulation.finish()) {
      expect(violations).toEqual([]);
      expect(checked.connected).toBeGreaterThan(0);
      expect(checked.disconnected).toBeGreaterThan(0);
      expect(firstLevelHits).toBeGreaterThan(0);
    }
  },
);
