import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import { backupStatus } from '../backup/backup-status.js';
import { promoteRestored } from '../recovery/promotions.js';
import { CopyScenario } from '../testing/copy-scenario.js';
import { ScriptedStore } from '../testing/scripted-store.js';
import { copyArchive } from './copy-archive.js';
import { positionKey, segmentKey } from './keys.js';
import { putPosition, readPosition } from './position.js';
import { pruneArchive } from './prune.js';
import { encodeSegment, type ArchiveSegment } from './segment.js';
import { verifyArchive } from './verify-archive.js';
import { archivedWriters, retireWriter } from './writers.js';

let site: CopyScenario;
beforeEach(() => (site = new CopyScenario()));

it('restores from the second store what the first has', async () => {
  const archive = site.open();
  await site.appendAll(archive, 100, 'a', 'b', 'c');
  await site.close(archive);
  await site.harness.advance(699);
  expect(await site.copy()).toMatchObject({ reachesTo: new Date(999), writers: 1, segments: 3, present: 0 });
  const { lastCopy } = await backupStatus(site.harness.store);
  expect(lastCopy).toMatchObject({ to: 'memory', reachesTo: new Date(999).toISOString() });
  site.harness.store.isDown = true;
  expect(await site.restored(250)).toEqual(['a', 'b']);
  expect(await site.restored('latest')).toEqual(['a', 'b', 'c']);
  expect(await verifyArchive(site.copies)).toMatchObject({ writers: 1, segments: 3, problems: [] });
});

it('copies what came since, and reads nothing again', async () => {
  const archive = site.open();
  await site.appendAll(archive, 100, 'a', 'b');
  await site.copy();
  await site.appendAll(archive, 300, 'c');
  const read: string[] = [];
  for (const store of [site.harness.store, site.copies]) {
    store.onCall = (call, key) => void (call === 'get' && key.endsWith('.segment') && read.push(key));
  }
  expect(await site.copy()).toMatchObject({ segments: 1, present: 2 });
  expect(new Set(read)).toEqual(new Set(site.segmentKeys().slice(-1)));
  expect(await site.copy()).toMatchObject({ segments: 0, present: 3, bytes: 0 });
  expect(await site.restored('latest')).toEqual(['a', 'b', 'c']);
});

it('refuses an instant that an open writer had not archived', async () => {
  const archive = site.open();
  await site.appendAll(archive, 100, 'a');
  site.harness.crash();
  await site.harness.advance(500);
  const { reachesTo } = await site.copy();
  expect(reachesTo).toEqual(new Date(100));
  await expect(site.restored(150)).rejects.toThrow(/to - is later than the archive of writer/);
  expect(await site.restored('latest')).toEqual(['a']);
});

it('refuses an instant after the copying, whichever writer wrote then', async () => {
  const first = site.open();
  await site.appendAll(first, 100, 'a');
  await site.close(first);
  await site.harness.advance(99);
  await site.copy();
  const later = site.open();
  await site.appendAll(later, 300, 'b');
  await site.close(later);
  await expect(site.restored(300)).rejects.toThrow(
    'to - is later than the copies in this store reach: 1970-01-01T00:00:00.199Z',
  );
  expect(await site.restored('latest')).toEqual(['a']);
  await site.harness.advance(100);
  await site.copy();
  expect(await site.restored(300)).toEqual(['a', 'b']);
});

it('names a segment of the first store that is damaged', async () => {
  const archive = site.open();
  await site.appendAll(archive, 100, 'a', 'b', 'c');
  await site.close(archive);
  const [, key] = site.segmentKeys(site.harness.store);
  site.harness.store.objects.get(key!)![30]! ^= 1;
  await expect(site.copy()).rejects.toMatchObject({ code: 'VALIDATION', field: key });
  expect(site.segmentKeys()).toHaveLength(1);
  expect((await verifyArchive(site.harness.store)).problems).toEqual([
    { key, problem: 'is damaged: its SHA-256 differs' },
  ]);
});

it('copies a segment again that the second store lost or damaged', async () => {
  const archive = site.open();
  await site.appendAll(archive, 100, 'a', 'b');
  await site.harness.advance(1);
  await site.copy();
  const [lost] = site.segmentKeys();
  site.copies.objects.delete(lost!);
  expect((await verifyArchive(site.copies)).problems).toEqual([{ key: lost, problem: 'is missing' }]);
  expect(await site.copy()).toMatchObject({ segments: 1, present: 1 });
  await site.appendAll(archive, 300, 'c');
  await site.close(archive);
  site.copies.objects.set(site.segmentKeys(site.harness.store).at(-1)!, Uint8Array.of(1));
  expect(await site.copy()).toMatchObject({ segments: 1 });
  expect(await verifyArchive(site.copies)).toMatchObject({ segments: 3, problems: [] });
});

it('refuses an archive that has parted from the copied one', async () => {
  const archive = site.open();
  await site.appendAll(archive, 100, 'a', 'b');
  await site.close(archive);
  await site.copy();
  const { store } = site.harness;
  const [{ writer, hash: first }] = site.harness.segments() as [ArchiveSegment];
  const position = (await readPosition(store, writer))!;
  const times = { begunAt: 1, storedAt: 1, acknowledgedAt: 1 };
  const head = { record: 'marketData', id: 'x', rowCount: 1, ...times } as const;
  const entries = [{ head, body: Uint8Array.of(1) }];
  const parted = encodeSegment({ writer, sequence: 2, previous: first }, entries);
  const next = encodeSegment({ writer, sequence: 3, previous: parted.hash }, entries);
  await store.put(segmentKey(writer, 2), parted.bytes);
  await putPosition(store, { ...position, hash: parted.hash });
  await expect(site.copy()).rejects.toThrow('is not from before that in memory');
  await store.put(segmentKey(writer, 3), next.bytes);
  await putPosition(store, { ...position, sequence: 3, hash: next.hash });
  await expect(site.copy()).rejects.toThrow('is not from before that in memory');
  site.copies.objects.delete(positionKey(writer));
  const kept = site.copies.objects.get(segmentKey(writer, 2));
  await expect(site.copy()).rejects.toMatchObject({
    field: segmentKey(writer, 2),
    reason: 'is another segment in memory, and is whole',
  });
  expect(site.copies.objects.get(segmentKey(writer, 2))).toBe(kept);
});

it('refuses a store whose archive is in use', async () => {
  const archive = site.open();
  await site.appendAll(archive, 100, 'a');
  await site.close(archive);
  await expect(copyArchive(new ScriptedStore(), site.harness.store)).rejects.toMatchObject({ field: 'to' });
  await site.copy();
  const { backups } = memoryTimeSeries({ clock: site.harness.clock });
  const target = await backups.createTarget('side', 1);
  await target.migrate();
  await target.complete();
  const clock = { now: () => 500 };
  await promoteRestored(backups, site.copies, { database: 'side', keepAs: 'former', clock });
  await expect(site.copy()).rejects.toThrow(/to - the archive in memory is one in use/);
  site.promotions.push(500);
  await expect(site.restored(400)).rejects.toThrow(/later than the copies/);
  site.backup(600);
  expect(await site.restored(700)).toEqual([]);
});

it('goes on after segments were pruned in either store', async () => {
  const archive = site.open();
  await site.appendAll(archive, 100, 'a', 'b', 'c');
  await site.harness.advance(1);
  await site.copy();
  const before = (instant: number) => ({ before: new Date(instant), allowedClockDifferenceMs: 0 });
  await pruneArchive(site.copies, before(200));
  expect(await site.copy()).toMatchObject({ segments: 0, present: 2 });
  await site.appendAll(archive, 400, 'd', 'e');
  await site.harness.advance(1);
  await pruneArchive(site.harness.store, before(500));
  await site.appendAll(archive, 700, 'f');
  await site.close(archive);
  await site.harness.advance(100);
  expect(await site.copy()).toMatchObject({ segments: 2, present: 0 });
  await expect(site.restored('latest')).rejects.toThrow(/was pruned/);
  site.backup(550);
  expect(await site.restored('latest')).toEqual(['f']);
});

it('locks the copied segments for the chosen time', async () => {
  const archive = site.open();
  await site.appendAll(archive, 100, 'a');
  await site.close(archive);
  await site.copy({ retainDays: 2 });
  const until = new Date(site.harness.clock.now() + 2 * 86_400_000);
  expect([...site.copies.locks]).toEqual(site.segmentKeys().map((key) => [key, until]));
});

it('copies the end of a retired writer and the records of promotions', async () => {
  await site.appendAll(site.open(), 100, 'a');
  await site.harness.advance(10);
  const [{ writer } = { writer: '' }] = await archivedWriters(site.harness.store);
  await site.copy();
  await retireWriter(site.harness.store, writer);
  const { backups } = memoryTimeSeries({ clock: site.harness.clock });
  const target = await backups.createTarget('side', 1);
  await target.migrate();
  await target.complete();
  await promoteRestored(backups, site.harness.store, { database: 'side', keepAs: 'former' });
  await site.copy();
  expect(await archivedWriters(site.copies)).toMatchObject([{ writer, isClosed: true }]);
  const isPromotion = (key: string) => key.startsWith('promotions/');
  expect([...site.copies.objects.keys()].filter(isPromotion)).toHaveLength(1);
});

it('refuses options that it does not know', async () => {
  await expect(site.copy({ retainDay: 1 } as never)).rejects.toMatchObject({ field: 'retainDay' });
  await expect(site.copy({ retainDays: -1 })).rejects.toMatchObject({ field: 'retainDays' });
});
