import type { Durability } from '@quantumtrade/dal';
import { Random } from '@quantumtrade/dal-testing';
import { CheckedWriter, PATIENT_MS } from './writing/checked-writer.js';
import { KillableServer, RETRY } from './writing/killable-server.js';
import { ascending, inspectTable, NO_FINDINGS, readNumbers } from './writing/inspect-table.js';
import { PLAN, SEED } from './plan.js';

let server: KillableServer;
beforeAll(async () => {
  server = await KillableServer.start();
});
beforeEach(() => server.renew());
afterAll(() => server.stop());

it.each<Durability>(['acknowledged', 'journaled'])(
  `each %s row is stored exactly once when answers are lost (QT_SEED=${SEED})`,
  async (durability) => {
    const random = new Random(SEED);
    let lost = 0;
    server.proxy.losesAnswer = () => {
      const loses = random.chance(0.5);
      if (loses) lost++;
      return loses;
    };
    const database = server.open('writer', durability);
    const writer = await database.batchWriter({ retry: RETRY });
    const feed = new CheckedWriter(writer, random);
    for (let round = 0; round < PLAN.lostAnswerRounds; round++) {
      await Promise.all(Array.from({ length: 8 }, () => feed.write()));
    }
    await writer.close({ deadline: Date.now() + PATIENT_MS });

    const { stored, ...findings } = await inspectTable(server, feed.acknowledged);
    console.log(
      `${durability}: ${lost} answers lost; rows: ${feed.writtenCount} written, ${feed.acknowledged.size} acknowledged, ${stored.size} stored`,
    );
    expect(findings).toEqual(NO_FINDINGS);
    expect(await readNumbers(database)).toEqual(ascending(stored));
    expect(feed.acknowledged.size).toBe(feed.writtenCount);
    expect(lost).toBeGreaterThan(0);
  },
);
