import { setTimeout as delay } from 'node:timers/promises';
import type { Durability } from '@quantumtrade/dal';
import { Random, startChild } from '@quantumtrade/dal-testing';
import { PATIENCE_MS } from './faults/feed.js';
import { KillableServer } from './faults/killable-server.js';
import { ascending, inspect, NOTHING_WRONG, readBack } from './faults/stored.js';
import { PLAN, SEED } from './plan.js';

const SCRIPT = new URL('./faults/writing-process.ts', import.meta.url);
/** More rows than a process writes in its life. */
const ROWS_PER_LIFE = 1_000_000;

/** Resolves shortly after the process acknowledged its first batch, or at any moment after it was started. */
async function fatalMoment(started: Promise<unknown> | undefined, random: Random): Promise<void> {
  if (started) {
    await started;
    await delay(random.below(300));
  } else {
    await delay(random.below(2_000));
  }
}

let server: KillableServer;
beforeEach(async () => {
  server = await KillableServer.start();
});
afterEach(() => server.stop());

it.each<Durability>(['acknowledged', 'journaled'])(
  `each row that was %s is there exactly once, however often the writing process is killed (QT_SEED=${SEED})`,
  async (durability) => {
    const random = new Random(SEED);
    const acknowledged = new Set<number>();
    for (let life = 0; life < PLAN.writerKills; life++) {
      const isOutage = life % 3 === 1;
      server.proxy.isOutage = isOutage;
      const orders = [
        server.proxy.url,
        server.directoryOf('writer'),
        durability,
        life * ROWS_PER_LIFE,
        random.below(1_000),
      ];
      const child = startChild(SCRIPT, ...orders.map(String));
      const started = Promise.race([child.started, child.output]);
      const acknowledgesNothing = isOutage && durability === 'acknowledged';
      // The first process always acknowledges something, so that a slow machine cannot leave nothing to check.
      const isKilledWhileWriting = !acknowledgesNothing && (life === 0 || random.chance(0.8));
      await fatalMoment(isKilledWhileWriting ? started : undefined, random);
      child.process.kill('SIGKILL');
      // What comes after the last line was cut short.
      for (const line of (await child.output).split('\n').slice(0, -1)) {
        for (const n of line.split(' ')) acknowledged.add(Number(n));
      }
      expect(child.process.signalCode).toBe('SIGKILL');
    }
    server.proxy.isOutage = false;
    const database = server.open('writer', 'journaled');
    const heir = await database.batchWriter();
    await heir.close({ deadline: Date.now() + PATIENCE_MS });
    await server.proxy.idle();

    const { stored, ...findings } = await inspect(server, acknowledged);
    console.log(
      `${durability}: ${PLAN.writerKills} kills; rows: ${acknowledged.size} acknowledged, ${stored.size} stored`,
    );
    expect(findings).toEqual(NOTHING_WRONG);
    expect(await readBack(database)).toEqual(ascending(stored));
    expect(acknowledged.size).toBeGreaterThan(0);
  },
);
