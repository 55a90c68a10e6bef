import { SeededRandom } from '@quantumtrade/dal-runtime';
import { ArchiveHarness } from '../testing/archive-harness.js';
import { wholeBlocks } from './whole-blocks.js';

const SEED = Number(process.env['QT_SEED'] ?? 1);
const RUNS = Number(process.env['QT_RUNS'] ?? 30);
const STEPS = 40;

const seeds = Array.from({ length: RUNS }, (_, n) => SEED + n);

it.each(seeds)('archives every acknowledged block through crashes and outages, seed %i', async (seed) => {
  const random = new SeededRandom(seed);
  const below = (limit: number) => Math.floor(random.next() * limit);
  const harness = new ArchiveHarness(seed);
  const acknowledged: string[] = [];
  harness.store.onCall = (call) => {
    if (call === 'put' && below(5) === 0) throw new Error('the object store failed');
  };
  const open = () => harness.open({ maxSegmentBytes: 1 + below(60) });
  let archive = open();
  for (let step = 0; step < STEPS; step++) {
    const dice = below(20);
    if (dice < 10) {
      const append = harness.append(archive, `block ${step}`);
      await append.then(
        () => acknowledged.push(`block ${step}`),
        () => undefined,
      );
    } else if (dice < 15) await harness.advance(below(20_000));
    else if (dice < 17) harness.store.isDown = !harness.store.isDown;
    else if (dice === 17) {
      harness.crash();
      archive = open();
    } else if (dice === 18) {
      await harness.settle(archive.close());
      archive = open();
    }
    const known = harness.positions().every(({ isClosed }) => isClosed === true);
    const isUnshipped = acknowledged.some((id) => !isArchived(harness, id));
    expect(known && isUnshipped).toBe(false);
  }
  harness.store.isDown = false;
  harness.store.onCall = () => undefined;
  await harness.settle(archive.close());
  const last = open();
  await harness.advance(0);
  await harness.settle(last.close());
  for (const id of acknowledged) expect([id, isArchived(harness, id)]).toEqual([id, true]);
  const segments = harness.segments();
  expect(segments.map(({ sequence }) => sequence)).toEqual(segments.map((_, n) => n + 1));
  expect(segments.map(({ previous }) => previous)).toEqual(
    segments.map((_, n) => segments[n - 1]?.hash ?? null),
  );
});

/** Returns whether a block is in the segments, whole. */
function isArchived(harness: ArchiveHarness, id: string): boolean {
  const complete = wholeBlocks();
  const blocks = harness.segments().flatMap(({ entries }) => entries.map(complete));
  return blocks.some(
    (block) => block?.head.id === id && `rows of ${id}` === Buffer.from(block.bytes).toString(),
  );
}
