import type { Durability } from '@quantumtrade/dal';
import { Random } from '@quantumtrade/dal-testing';
import { Feed, PATIENCE_MS } from './faults/feed.js';
import { KillableServer, RETRY } from './faults/killable-server.js';
import { ascending, inspect, NOTHING_WRONG, readBack } from './faults/stored.js';
import { PLAN, SEED } from './plan.js';

let server: KillableServer;
beforeEach(async () => {
  server = await KillableServer.start();
});
afterEach(() => server.stop());

it.each<Durability>(['acknowledged', 'journaled'])(
  `each row that was %s is there exactly once, however many answers are lost after the commit (QT_SEED=${SEED})`,
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
    const feed = new Feed(writer, random);
    for (let round = 0; round < PLAN.lostAnswerRounds; round++) {
      await Promise.all(Array.from({ length: 8 }, () => feed.write()));
    }
    await writer.close({ deadline: Date.now() + PATIENCE_MS });

    const { stored, ...findings } = await inspect(server, feed.acknowledged);
    console.log(
      `${durability}: ${lost} answers lost; rows: ${feed.writtenCount} written, ${feed.acknowledged.size} acknowledged, ${stored.size} stored`,
    );
    expect(findings).toEqual(NOTHING_WRONG);
    expect(await readBack(database)).toEqual(ascending(stored));
    expect(feed.acknowledged.size).toBe(feed.writtenCount);
    expect(lost).toBeGreaterThan(0);
  },
);
