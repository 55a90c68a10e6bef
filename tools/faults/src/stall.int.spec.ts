import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '@quantumtrade/dal-testing';
import { Feed, PATIENCE_MS } from './faults/feed.js';
import { KillableServer, RETRY } from './faults/killable-server.js';
import { ascending, inspect, NOTHING_WRONG, readBack } from './faults/stored.js';
import { PLAN, SEED } from './plan.js';

const LONGEST_WAIT_MS = Math.min(PLAN.stallMs / 2, 10_000);

const together = (count: number, action: () => Promise<boolean>) =>
  Promise.all(Array.from({ length: count }, action));

let server: KillableServer;
beforeEach(async () => {
  server = await KillableServer.start();
});
afterEach(() => server.stop());

it(`in a stall calls end by their deadlines, the journal goes on, and all is stored once after it (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const limits = { requestTimeoutMs: PLAN.requestTimeoutMs };
  const writers = {
    acknowledged: await server.open('direct', 'acknowledged', limits).batchWriter({ retry: RETRY }),
    journaled: await server.open('durable', 'journaled', limits).batchWriter({ retry: RETRY }),
  };
  const acknowledged = new Feed(writers.acknowledged, random);
  const journaled = new Feed(writers.journaled, random, { first: 10_000_000 });
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
    const outcomes = await together(10, () => acknowledged.write(random.below(LONGEST_WAIT_MS)));
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

  for (const writer of Object.values(writers)) await writer.close({ deadline: Date.now() + PATIENCE_MS });
  await server.proxy.idle();
  const reader = server.open('reader', 'acknowledged');
  const all = new Set([...acknowledged.acknowledged, ...journaled.acknowledged]);
  const { stored, ...findings } = await inspect(server, all);
  console.log(
    `${PLAN.stallMs} ms of stall: ${timedOut} writes timed out, ${journaledInTheStall} were journaled; rows: ${all.size} acknowledged, ${stored.size} stored`,
  );
  expect(findings).toEqual(NOTHING_WRONG);
  expect(await readBack(reader)).toEqual(ascending(stored));
});
