import { BackupHarness, BACKUP_EVERY_MS } from '../testing/backup-harness.js';
import { listBackups } from './catalog.js';
import { manifestKey, newBackupId, readManifest, storeManifest } from './manifest.js';
import { pruneBackups, type PruneBackupsOptions } from './prune-backups.js';
import { verifyBackup } from './verify-backup.js';

let harness: BackupHarness;
beforeEach(() => {
  harness = new BackupHarness();
});

const prune = (options: PruneBackupsOptions) =>
  pruneBackups(harness.store, { clock: harness.clock, ...options });

/** Makes chains of a full backup and an incremental one, and returns their ids. */
async function makeChains(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    await harness.insertBars(`S${n}`, 2, n);
    ids.push((await harness.backup({ full: true })).id);
    await harness.insertBars(`S${n}`, 3, n, 4);
    ids.push((await harness.backup()).id);
  }
  return ids;
}

it('keeps the newest chains whole and restorable', async () => {
  const ids = await makeChains(3);
  const { backups } = await prune({ keep: 2 });
  expect(backups).toEqual([ids[1], ids[0]]);
  expect((await listBackups(harness.store)).map(({ id }) => id)).toEqual(ids.slice(2));
  expect(harness.keys(`backups/${ids[0]}`)).toEqual([]);
  for (const id of ids.slice(2)) expect(await harness.restoredRows(id)).toBeGreaterThan(0);
  expect(await prune({ keep: 2 })).toEqual({ backups: [], objects: 0, bytes: 0 });
});

it('keeps young chains whatever their number', async () => {
  const ids = await makeChains(3);
  expect((await prune({ keep: 1, youngerThanMs: 3 * BACKUP_EVERY_MS })).backups).toEqual([ids[1], ids[0]]);
});

it('objects that a kept backup of another chain refers to stay', async () => {
  const [first, second] = await makeChains(1);
  const manifest = await readManifest(harness.store, second!, 'test', {});
  harness.now += BACKUP_EVERY_MS;
  const id = newBackupId(harness.now, harness.random);
  await storeManifest(harness.store, { ...manifest, id, kind: 'full', base: null }, {});
  expect((await prune({ keep: 1 })).backups).toEqual([second, first]);
  expect((await verifyBackup(harness.store, { id })).problems).toEqual([]);
});

it('dry run reports and deletes nothing', async () => {
  await makeChains(2);
  const before = harness.keys();
  const planned = await prune({ keep: 1, dryRun: true });
  expect(harness.keys()).toEqual(before);
  expect(planned.objects).toBeGreaterThan(0);
  expect(await prune({ keep: 1 })).toEqual(planned);
});

it('interrupted prune leaves only backups that can be restored', async () => {
  for (let failAt = 1; failAt < 12; failAt++) {
    harness = new BackupHarness();
    await makeChains(3);
    harness.failCall(failAt);
    const failure = await prune({ keep: 1 }).catch((error: unknown) => error);
    harness.failCall(0);
    for (const { id } of await listBackups(harness.store)) {
      expect((await verifyBackup(harness.store, { id })).problems).toEqual([]);
    }
    await prune({ keep: 1, graceMs: 0 });
    expect(await listBackups(harness.store)).toHaveLength(2);
    const folders = new Set(harness.keys('backups/').map((key) => key.split('/')[1]));
    expect(folders.size).toBe(2);
    if (failure instanceof Error) expect(failure).toMatchObject({ code: 'CONNECTION' });
  }
});

it('objects of an unfinished backup go after the grace time', async () => {
  const [first] = await makeChains(1);
  const unfinished = 'backups/20251231T000000000Z-00000000/data/market_data/x-0-1.native.zst';
  harness.store.objects.set(unfinished, Buffer.from('x'));
  expect((await prune({ keep: 1, graceMs: harness.now + 1 })).objects).toBe(0);
  expect((await prune({ keep: 1, graceMs: harness.now - 1 })).objects).toBe(1);
  expect(harness.store.objects.has(unfinished)).toBe(false);
  expect(harness.store.objects.has(manifestKey(first!))).toBe(true);
});

it('chain with a damaged manifest goes as a whole', async () => {
  const ids = await makeChains(3);
  harness.store.objects.set(manifestKey(ids[5]!), Buffer.from('x'));
  await prune({ keep: 1 });
  expect(harness.keys(`backups/${ids[4]}/`).length).toBeGreaterThan(1);
  harness.store.objects.set(manifestKey(ids[4]!), Buffer.from('x'));
  await makeChains(1);
  await prune({ keep: 1 });
  expect(harness.keys(`backups/${ids[4]}/`)).toEqual([]);
});

it('files of others in the store are left alone', async () => {
  await makeChains(2);
  for (const key of ['archive/x', 'backups/readme.txt', 'backups/x/manifest.json']) {
    harness.store.objects.set(key, Buffer.from('x'));
  }
  await prune({ keep: 1, graceMs: 0 });
  expect(harness.keys('archive/')).toHaveLength(1);
  expect(harness.store.objects.has('backups/readme.txt')).toBe(true);
  expect(harness.store.objects.has('backups/x/manifest.json')).toBe(true);
});

it.each([0, -1, 0.5, NaN])('keep %s is refused', async (keep) => {
  await expect(prune({ keep })).rejects.toMatchObject({ code: 'VALIDATION', field: 'keep' });
});
