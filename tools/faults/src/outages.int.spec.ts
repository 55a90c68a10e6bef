import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '@quantumtrade/dal-testing';
import { CacheSimulation } from './cache/cache-simulation.js';
import { KEY_NUMBERS } from './cache/cache-keys.js';
import { READ_ONLY_MODES } from './cache/read-only-modes.js';
import { SingleRedis } from './cache/single-redis.js';
import { PLAN, SEED } from './plan.js';

interface Outage {
  begin(redis: SingleRedis, downMs: number): unknown;
  end(redis: SingleRedis): unknown;
  /** Whether all connections are closed. */
  readonly isDead?: boolean;
}

const OUTAGES: readonly Outage[] = [
  { begin: ({ server }) => server.kill(), end: ({ server }) => server.start(), isDead: true },
  { begin: ({ server }) => server.pause(), end: ({ server }) => server.resume() },
  // A paused server continues by itself.
  { begin: ({ admin }, downMs) => admin.call('CLIENT', 'PAUSE', downMs, 'ALL'), end: () => undefined },
  ...READ_ONLY_MODES.map(({ begin, end }) => ({
    begin: ({ admin }: SingleRedis) => begin(admin),
    end: ({ admin }: SingleRedis) => end(admin),
  })),
];
/** Number of loads of each process in each outage. */
const LOADS = 20;

let simulation: CacheSimulation;
afterEach(() => simulation.stop());

it(`outages fail no read that the database can answer (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const redis = await SingleRedis.start(PLAN.readingProcesses, random);
  simulation = await CacheSimulation.start(redis, PLAN.readingProcesses, random);
  await simulation.settled();
  for (let round = 0; round < PLAN.outages; round++) {
    for (const outage of OUTAGES) {
      const downMs = random.below(PLAN.longestOutageMs);
      await outage.begin(redis, downMs);
      await simulation.whileUnreachable(outage.isDead ? KEY_NUMBERS : [], () =>
        Promise.all([delay(downMs), simulation.awaitLoads(LOADS)]),
      );
      await outage.end(redis);
      await simulation.settled();
      await delay(random.below(300));
    }
  }
  for (const { violations, checked, firstLevelHits, stats } of await simulation.finish()) {
    expect(violations).toEqual([]);
    expect(checked.connected).toBeGreaterThan(0);
    expect(firstLevelHits).toBeGreaterThan(0);
    expect(stats!.degradedLoads).toBeGreaterThan(0);
  }
});
