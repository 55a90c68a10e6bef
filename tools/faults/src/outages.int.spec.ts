import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '@quantumtrade/dal-testing';
import { CacheWorld } from './cache/cache-world.js';
import { KEYS } from './cache/keys.js';
import { READ_ONLY } from './cache/read-only.js';
import { SingleRedis } from './cache/single-redis.js';
import { PLAN, SEED } from './plan.js';

interface Outage {
  begin(redis: SingleRedis, downMs: number): unknown;
  end(redis: SingleRedis): unknown;
  /** Whether all connections have ended. */
  readonly isDead?: boolean;
}

const OUTAGES: readonly Outage[] = [
  { begin: ({ server }) => server.kill(), end: ({ server }) => server.start(), isDead: true },
  { begin: ({ server }) => server.pause(), end: ({ server }) => server.resume() },
  // A server that is paused cannot be told to go on.
  { begin: ({ admin }, downMs) => admin.call('CLIENT', 'PAUSE', downMs, 'ALL'), end: () => undefined },
  ...READ_ONLY.map(({ begin, end }) => ({
    begin: ({ admin }: SingleRedis) => begin(admin),
    end: ({ admin }: SingleRedis) => end(admin),
  })),
];
/** Of each process, in each outage. */
const LOADS = 20;

let world: CacheWorld;
afterEach(() => world.stop());

it(`no read that the database can answer fails while the server is down, hangs or takes no writes, and all are coherent after it (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const redis = await SingleRedis.start(PLAN.readingProcesses, random);
  world = await CacheWorld.start(redis, PLAN.readingProcesses, random);
  await world.settled();
  for (let round = 0; round < PLAN.outages; round++) {
    for (const outage of OUTAGES) {
      const downMs = random.below(PLAN.longestOutageMs);
      await outage.begin(redis, downMs);
      await world.whileUntold(outage.isDead ? KEYS : [], () =>
        Promise.all([delay(downMs), world.loadsGoOn(LOADS)]),
      );
      await outage.end(redis);
      await world.settled();
      await delay(random.below(300));
    }
  }
  for (const { wrong, checked, atHand, stats } of await world.findings()) {
    expect(wrong).toEqual([]);
    expect(checked.connected).toBeGreaterThan(0);
    expect(atHand).toBeGreaterThan(0);
    expect(stats!.degradedLoads).toBeGreaterThan(0);
  }
});
