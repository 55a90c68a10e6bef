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

/** Ids of the blocks whose segments are whole in the store. */
const blocks = (harness: ArchiveHarness) => [...new Set(harness.shipped())];

it('deletes segments whose blocks were stored before an instant', async () => {
  const harness = await archived(4);
  const before = harness.segments().length;
  const { segments } = await pruneArchive(harness.store, new Date(300));
  expect(blocks(harness)).toEqual(['2', '3']);
  expect(harness.segments()).toHaveLength(before - segments);
  const [archive] = await WriterArchive.list(harness.store);
  expect(archive!.first).toBe(segments + 1);
  expect(await pruneArchive(harness.store, new Date(300))).toEqual({ segments: 0 });
});

it('keeps the last segment', async () => {
  const harness = await archived(2);
  await pruneArchive(harness.store, new Date(10_000));
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
  await expect(pruneArchive(harness.store, new Date(300))).rejects.toThrow('failed');
  harness.store.onCall = () => undefined;
  expect((await pruneArchive(harness.store, new Date(300))).segments).toBeGreaterThan(0);
  expect(blocks(harness)).toEqual(['2', '3']);
});

it('finds a segment missing that was not pruned', async () => {
  const harness = await archived(4);
  await pruneArchive(harness.store, new Date(300));
  const [first] = [...harness.store.objects.keys()].filter((key) => key.endsWith('.segment')).sort();
  harness.store.objects.delete(first!);
  await expect(WriterArchive.list(harness.store)).rejects.toThrow(first!);
});
