import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '@quantumtrade/dal-testing';
import { CacheWorld } from './cache/cache-world.js';
import type { Kind, Line } from './cache/line.js';
import { SingleRedis } from './cache/single-redis.js';
import { PLAN, SEED } from './plan.js';

const VICTIMS: readonly (readonly Kind[])[] = [['calling'], ['listening'], ['calling', 'listening']];

/** At any moment, or mostly at a chosen one. */
async function cutOften(line: Line, cuts: number, random: Random, moment?: () => Promise<void>) {
  while (Math.min(line.cuts.calling, line.cuts.listening) < cuts) {
    if (moment && random.chance(0.8)) await moment();
    await delay(random.below(40));
    const deadMs = random.chance(0.05) ? 150 : random.below(10);
    await line.cut(VICTIMS[random.below(VICTIMS.length)]!, deadMs);
  }
}

let world: CacheWorld;
afterEach(() => world.stop());

it.each([
  ['foreign clients write', 'tracking', PLAN.cuts],
  ['clients write that tell it themselves, and are cut off as well', 'pubsub', PLAN.cutsWithoutTracking],
] as const)(
  `no process reads what it must know to be old, however often its connections are cut while %s (QT_SEED=${SEED})`,
  async (_, invalidation, cuts) => {
    const random = new Random(SEED);
    const redis = await SingleRedis.start(PLAN.readingProcesses, random, invalidation);
    world = await CacheWorld.start(redis, PLAN.readingProcesses, random);
    await world.settled();
    const fork = () => new Random(random.below(2 ** 31));
    await Promise.all([
      ...redis.lines.map((line, i) => cutOften(line, cuts, fork(), () => world.isTold(i))),
      ...redis.writersLines.map((line) => cutOften(line, cuts, fork())),
    ]);
    for (const { wrong, checked, atHand } of await world.findings()) {
      expect(wrong).toEqual([]);
      expect(checked.connected).toBeGreaterThan(0);
      expect(checked.disconnected).toBeGreaterThan(0);
      expect(atHand).toBeGreaterThan(0);
    }
  },
);
