import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '@quantumtrade/dal-journal/testing/random';
import { CacheWorld } from './cache/cache-world.js';
import { PLAN, SEED } from './plan.js';

interface Outage {
  begin(world: CacheWorld, downMs: number): unknown;
  end(world: CacheWorld): unknown;
}

const OUTAGES: readonly Outage[] = [
  { begin: ({ server }) => server.die(), end: ({ server }) => server.live() },
  { begin: ({ server }) => server.hang(), end: ({ server }) => server.resume() },
  // A server that is paused cannot be told to go on.
  { begin: ({ admin }, downMs) => admin.call('CLIENT', 'PAUSE', downMs, 'ALL'), end: () => undefined },
];
/** Of each process, in each outage. */
const LOADS = 20;

let world: CacheWorld;
afterEach(() => world.stop());

it(`no read that the database can answer fails while the server is down or hangs, and all are coherent after it (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  world = await CacheWorld.start(PLAN.readingProcesses, random);
  await world.settled();
  for (let round = 0; round < PLAN.outages; round++) {
    for (const outage of OUTAGES) {
      const downMs = random.below(PLAN.longestOutageMs);
      await outage.begin(world, downMs);
      await Promise.all([delay(downMs), world.loadsGoOn(LOADS)]);
      await outage.end(world);
      await world.settled();
      await delay(random.below(300));
    }
  }
  const findings = await world.findings();
  console.log(`${world.changes} changes`, JSON.stringify(findings));
  for (const { wrong, checked, atHand, degradedLoads } of findings) {
    expect(wrong).toEqual([]);
    expect(checked.connected).toBeGreaterThan(0);
    expect(atHand).toBeGreaterThan(0);
    expect(degradedLoads).toBeGreaterThan(0);
  }
});
