import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '@quantumtrade/dal-journal/testing/random';
import { CacheWorld } from './cache/cache-world.js';
import type { Kind, Line } from './cache/line.js';
import { PLAN, SEED } from './plan.js';

const VICTIMS: readonly (readonly Kind[])[] = [['calling'], ['listening'], ['calling', 'listening']];

/** Mostly while the process is told of changes, else at any moment. */
async function cutOften(line: Line, random: Random): Promise<void> {
  while (Math.min(line.cuts.calling, line.cuts.listening) < PLAN.cuts) {
    if (random.chance(0.8)) await world.isTold(line);
    await delay(random.below(40));
    const deadMs = random.chance(0.05) ? 150 : random.below(10);
    await line.cut(VICTIMS[random.below(VICTIMS.length)]!, deadMs);
  }
}

let world: CacheWorld;
afterEach(() => world.stop());

it(`no process reads what it must know to be old, however often its connections are cut while foreign clients write (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  world = await CacheWorld.start(PLAN.readingProcesses, random);
  await world.settled();
  await Promise.all(world.lines.map((line) => cutOften(line, new Random(random.below(2 ** 31)))));
  const findings = await world.findings();
  console.log(
    `${world.changes} changes`,
    JSON.stringify(world.lines.map(({ cuts }) => cuts)),
    JSON.stringify(findings),
  );
  for (const { wrong, checked, atHand } of findings) {
    expect(wrong).toEqual([]);
    expect(checked.connected).toBeGreaterThan(0);
    expect(checked.disconnected).toBeGreaterThan(0);
    expect(atHand).toBeGreaterThan(0);
  }
});
