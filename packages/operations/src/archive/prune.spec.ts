import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import { createBackup } from '../backup/create-backup.js';
import { ArchiveHarness } from '../testing/archive-harness.js';
import { pruneArchive } from './prune.js';
import { WriterArchive } from './writer-archive.js';

async function archived(count: number): Promise<ArchiveHarness> {
  const harness = new ArchiveHarness();
  harness.clock.set(0);
  const archive = harness.open({ maxSegmentBytes: 1, intervalMs: 1 });
  for (let n = 0; n < count; n++) {
    await harness.advance(100);
    await harness.append(archive, String(n));
  }
  await harness.settle(archive.close());
  return harness;
}

const until = (instant: number) => ({ before: new Date(instant), allowedClockDifferenceMs: 0 });

/** Ids of the blocks whose segments are whole in the store. */
const blocks = (harness: ArchiveHarness) => [...new Set(harness.shipped())];

it('deletes segments whose blocks were stored before an instant', async () => {
  const harness = await archived(4);
  const before = harness.segments().length;
  const { segments } = await pruneArchive(harness.store, until(300));
  expect(blocks(harness)).toEqual(['2', '3']);
  expect(harness.segments()).toHaveLength(before - segments);
  const [archive] = await WriterArchive.list(harness.store);
  expect(archive!.first).toBe(segments + 1);
  expect(await pruneArchive(harness.store, until(300))).toEqual({ segments: 0 });
});

it('keeps the last segment', async () => {
  const harness = await archived(2);
  await pruneArchive(harness.store, until(10_000));
  expect(blocks(harness)).toEqual(['1']);
  const archive = harness.open();
  await harness.append(archive, 'next');
  await harness.settle(archive.close());
  expect(blocks(harness)).toEqual(['1', 'next']);
  expect(await WriterArchive.list(harness.store)).toHaveLength(1);
});

it('deletes the rest after a failure', async () => {
  const harness = await archived(4);
  harness.store.onCall = (call) => {
    if (call === 'delete') throw new Error('the object store failed');
  };
  await expect(pruneArchive(harness.store, until(300))).rejects.toThrow('failed');
  harness.store.onCall = () => undefined;
  expect((await pruneArchive(harness.store, until(300))).segments).toBeGreaterThan(0);
  expect(blocks(harness)).toEqual(['2', '3']);
});

it('finds a segment missing that was not pruned', async () => {
  const harness = await archived(4);
  await pruneArchive(harness.store, until(300));
  const [first] = [...harness.store.objects.keys()].filter((key) => key.endsWith('.segment')).sort();
  harness.store.objects.delete(first!);
  await expect(WriterArchive.list(harness.store)).rejects.toThrow(first!);
});

it('counts without deleting in a dry run', async () => {
  const harness = await archived(4);
  const { segments } = await pruneArchive(harness.store, { ...until(300), dryRun: true });
  expect(segments).toBeGreaterThan(0);
  expect(blocks(harness)).toEqual(['0', '1', '2', '3']);
});

it('keeps everything that a restore from the oldest backup needs', async () => {
  const harness = await archived(4);
  expect(await pruneArchive(harness.store)).toEqual({ segments: 0 });
  const { backups } = memoryTimeSeries({ clock: { now: () => 300 } });
  await createBackup(backups, harness.store, { clock: { now: () => 300 } });
  await pruneArchive(harness.store, { allowedClockDifferenceMs: 100 });
  expect(blocks(harness)).toEqual(['1', '2', '3']);
});
