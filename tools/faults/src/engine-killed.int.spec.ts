import { setTimeout as delay } from 'node:timers/promises';
import type { Durability } from '@quantumtrade/dal';
import { Random } from '@quantumtrade/dal-testing';
import { CheckedWriter, PATIENT_MS } from './writing/checked-writer.js';
import { KillableServer, RETRY } from './writing/killable-server.js';
import { ascending, inspectTable, NO_FINDINGS, readNumbers } from './writing/inspect-table.js';
import { PLAN, SEED } from './plan.js';

/** Waits for a moment while the engine stores a block, after it has stored one and before its answer, or for any moment. */
async function awaitKillMoment({ proxy }: KillableServer, random: Random): Promise<void> {
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
beforeAll(async () => {
  server = await KillableServer.start();
});
beforeEach(() => server.renew());
afterAll(() => server.stop());

it.each<Durability>(['acknowledged', 'journaled'])(
  `killed engines store each %s row exactly once (QT_SEED=${SEED})`,
  async (durability) => {
    const random = new Random(SEED);
    const database = server.open('writer', durability);
    const writer = await database.batchWriter({ retry: RETRY });
    const feed = new CheckedWriter(writer, random);
    let isOver = false;
    const writing = feed.run(() => isOver);
    try {
      for (let kills = 0; kills < PLAN.engineKills; kills++) {
        await awaitKillMoment(server, random);
        await server.kill();
        await delay(random.below(300));
        await server.restart();
      }
      await server.proxy.nextInsert();
    } finally {
      isOver = true;
    }
    await writing;
    await writer.close({ deadline: Date.now() + PATIENT_MS });

    const { stored, ...findings } = await inspectTable(server, feed.acknowledged);
    console.log(
      `${durability}: ${PLAN.engineKills} kills; rows: ${feed.writtenCount} written, ${feed.acknowledged.size} acknowledged, ${stored.size} stored; rejected: ${JSON.stringify(feed.rejected)}`,
    );
    expect(findings).toEqual(NO_FINDINGS);
    expect(await readNumbers(database)).toEqual(ascending(stored));
    // Only calls that ran out of time were rejected.
    expect(Object.keys(feed.rejected).filter((code) => code !== 'TIMEOUT')).toEqual([]);
    expect(feed.acknowledged.size).toBeGreaterThan(0);
  },
);
