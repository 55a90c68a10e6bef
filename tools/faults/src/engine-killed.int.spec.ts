import { setTimeout as delay } from 'node:timers/promises';
import type { Durability } from '@quantumtrade/dal';
import { Random } from '@quantumtrade/dal-testing';
import { Feed, PATIENCE_MS } from './faults/feed.js';
import { KillableServer, RETRY } from './faults/killable-server.js';
import { ascending, inspect, NOTHING_WRONG, readBack } from './faults/stored.js';
import { PLAN, SEED } from './plan.js';

/** While it stores a block, be it the first or a later one; when it has just stored one, before its answer arrives; or ever. */
async function fatalMoment({ proxy }: KillableServer, random: Random): Promise<void> {
  const kind = random.next();
  if (kind < 0.5) {
    for (let inserts = 1 + random.below(10); inserts > 0; inserts--) await proxy.nextInsert();
    await delay(random.below(20));
  } else if (kind < 0.8) {
    await proxy.loseNextAnswer();
  } else {
    await delay(random.below(500));
  }
}

let server: KillableServer;
beforeEach(async () => {
  server = await KillableServer.start();
});
afterEach(() => server.stop());

it.each<Durability>(['acknowledged', 'journaled'])(
  `each row that was %s is there exactly once, however often the engine is killed (QT_SEED=${SEED})`,
  async (durability) => {
    const random = new Random(SEED);
    const database = server.open('writer', durability);
    const writer = await database.batchWriter({ retry: RETRY });
    const feed = new Feed(writer, random);
    let isOver = false;
    const fed = feed.run(() => isOver);
    try {
      for (let kills = 0; kills < PLAN.engineKills; kills++) {
        await fatalMoment(server, random);
        await server.die();
        await delay(random.below(300));
        await server.live();
      }
      await server.proxy.nextInsert();
    } finally {
      isOver = true;
    }
    await fed;
    await writer.close({ deadline: Date.now() + PATIENCE_MS });

    const { stored, ...findings } = await inspect(server, feed.acknowledged);
    console.log(
      `${durability}: ${PLAN.engineKills} kills; rows: ${feed.writtenCount} written, ${feed.acknowledged.size} acknowledged, ${stored.size} stored; rejected: ${JSON.stringify(feed.rejected)}`,
    );
    expect(findings).toEqual(NOTHING_WRONG);
    expect(await readBack(database)).toEqual(ascending(stored));
    // Only who had no time was turned away.
    expect(Object.keys(feed.rejected).filter((code) => code !== 'TIMEOUT')).toEqual([]);
    expect(feed.acknowledged.size).toBeGreaterThan(0);
  },
);
