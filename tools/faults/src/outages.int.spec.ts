import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '@quantumtrade/dal-journal/testing/random';
import { CacheWorld } from './cache/cache-world.js';
import { PLAN, SEED } from './plan.js';

type Outage = (world: CacheWorld, downMs: number) => Promise<void>;

const OUTAGES: Record<string, Outage> = {
  async killed({ server }, downMs) {
    await server.die();
    await delay(downMs);
    await server.live();
  },
  async hung({ server }, downMs) {
    server.hang();
    await delay(downMs);
    server.resume();
  },
  async paused({ admin }, downMs) {
    await admin.call('CLIENT', 'PAUSE', downMs, 'ALL');
    await delay(downMs);
  },
};

let world: CacheWorld;
afterEach(() => world.stop());

it(`no read that the database can answer fails while the server is down or hangs, and all are coherent after it (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  world = await CacheWorld.start(PLAN.readingProcesses, random);
  for (let round = 0; round < PLAN.outages; round++) {
    for (const outage of Object.values(OUTAGES)) {
      await outage(world, PLAN.longestOutageMs / 2 + random.below(PLAN.longestOutageMs / 2));
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
