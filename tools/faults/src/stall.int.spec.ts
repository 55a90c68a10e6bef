import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '@quantumtrade/dal-testing';
import { CheckedWriter, PATIENT_MS } from './writing/checked-writer.js';
import { KillableServer, RETRY } from './writing/killable-server.js';
import { ascending, inspectTable, NO_FINDINGS, readNumbers } from './writing/inspect-table.js';
import { PLAN, SEED } from './plan.js';

const MAX_WAIT_MS = Math.min(PLAN.stallMs / 2, 10_000);

const together = (count: number, action: () => Promise<boolean>) =>
  Promise.all(Array.from({ length: count }, action));

let server: KillableServer;
beforeAll(async () => {
  server = await KillableServer.start();
});
beforeEach(() => server.renew());
afterAll(() => server.stop());

it(`a stall ends calls in time and loses no row (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const limits = { requestTimeoutMs: PLAN.requestTimeoutMs };
  const writers = {
    acknowledged: await server.open('direct', 'acknowledged', limits).batchWriter({ retry: RETRY }),
    journaled: await server.open('durable', 'journaled', limits).batchWriter({ retry: RETRY }),
  };
  const acknowledged = new CheckedWriter(writers.acknowledged, random);
  const journaled = new CheckedWriter(writers.journaled, random, { first: 10_000_000 });
  await together(20, () => acknowledged.write());
  await together(20, () => journaled.write());

  const beforeTheStall = together(20, () => acknowledged.write());
  await server.proxy.nextInsert();
  server.proxy.stall();
  const patient = together(5, () => acknowledged.write());
  const until = performance.now() + PLAN.stallMs;
  let journaledInTheStall = 0;
  let timedOut = 0;
  const journaling = (async () => {
    while (performance.now() < until) {
      expect(await journaled.write()).toBe(true);
      journaledInTheStall++;
      await delay(random.below(PLAN.stallMs / 50));
    }
  })();
  while (performance.now() < until) {
    const outcomes = await together(10, () => acknowledged.write(random.below(MAX_WAIT_MS)));
    expect(outcomes).toEqual(outcomes.map(() => false));
    timedOut += outcomes.length;
  }
  await journaling;
  server.proxy.resume();
  expect(await patient).toEqual(Array(5).fill(true));
  expect(await beforeTheStall).toEqual(Array(20).fill(true));
  expect(acknowledged.rejected).toEqual({ TIMEOUT: timedOut });
  expect(journaled.rejected).toEqual({});
  expect(journaledInTheStall).toBeGreaterThan(0);

  for (const writer of Object.values(writers)) await writer.close({ deadline: Date.now() + PATIENT_MS });
  await server.proxy.idle();
  const reader = server.open('reader', 'acknowledged');
  const all = new Set([...acknowledged.acknowledged, ...journaled.acknowledged]);
  const { stored, ...findings } = await inspectTable(server, all);
  console.log(
    `${PLAN.stallMs} ms of stall: ${timedOut} writes timed out, ${journaledInTheStall} were journaled; rows: ${all.size} acknowledged, ${stored.size} stored`,
  );
  expect(findings).toEqual(NO_FINDINGS);
  expect(await readNumbers(reader)).toEqual(ascending(stored));
});
