import { setTimeout as delay } from 'node:timers/promises';
import type { Durability } from '@quantumtrade/dal';
import { Random, startChild } from '@quantumtrade/dal-testing';
import { PATIENT_MS } from './writing/checked-writer.js';
import { KillableServer } from './writing/killable-server.js';
import { ascending, inspectTable, NO_FINDINGS, readNumbers } from './writing/inspect-table.js';
import { PLAN, SEED } from './plan.js';

const SCRIPT = new URL('./writing/writer-process.ts', import.meta.url);
/** Larger than the number of rows a process writes. */
const ROWS_PER_LIFE = 1_000_000;

/** Waits until shortly after the first acknowledged batch, or for any moment after the start. */
async function awaitKillMoment(started: Promise<unknown> | undefined, random: Random): Promise<void> {
  if (started) {
    await started;
    await delay(random.below(300));
  } else {
    await delay(random.below(2_000));
  }
}

let server: KillableServer;
beforeAll(async () => {
  server = await KillableServer.start();
});
beforeEach(() => server.renew());
afterAll(() => server.stop());

it.each<Durability>(['acknowledged', 'journaled'])(
  `killed writers store each %s row exactly once (QT_SEED=${SEED})`,
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
      const child = await startChild(SCRIPT, ...orders.map(String));
      const started = Promise.race([child.started, child.output]);
      const acknowledgesNothing = isOutage && durability === 'acknowledged';
      // The first process always acknowledges a batch, so that there is something to check on a slow machine.
      const isKilledWhileWriting = !acknowledgesNothing && (life === 0 || random.chance(0.8));
      await awaitKillMoment(isKilledWhileWriting ? started : undefined, random);
      child.process.kill('SIGKILL');
      // The text after the last line break is incomplete.
      for (const line of (await child.output).split('\n').slice(0, -1)) {
        for (const n of line.split(' ')) acknowledged.add(Number(n));
      }
      expect(child.process.signalCode).toBe('SIGKILL');
    }
    server.proxy.isOutage = false;
    const database = server.open('writer', 'journaled');
    const heir = await database.batchWriter();
    await heir.close({ deadline: Date.now() + PATIENT_MS });
    await server.proxy.idle();

    const { stored, ...findings } = await inspectTable(server, acknowledged);
    console.log(
      `${durability}: ${PLAN.writerKills} kills; rows: ${acknowledged.size} acknowledged, ${stored.size} stored`,
    );
    expect(findings).toEqual(NO_FINDINGS);
    expect(await readNumbers(database)).toEqual(ascending(stored));
    expect(acknowledged.size).toBeGreaterThan(0);
  },
);
