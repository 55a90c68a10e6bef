import { ConnectionError, QueryError } from '@quantumtrade/dal-domain';
import { BACKUP_EVERY_MS, BackupHarness } from '../testing/backup-harness.js';
import { ScriptedStore } from '../testing/scripted-store.js';
import { listBackups } from './catalog.js';
import { copyBackup } from './copy-backup.js';
import { manifestKey } from './manifest.js';
import { restoreBackup } from './restore-backup.js';
import { verifyBackup } from './verify-backup.js';

let harness: BackupHarness;
let copies: ScriptedStore;
let ids: string[];
beforeEach(async () => {
  harness = new BackupHarness();
  copies = new ScriptedStore();
  ids = [];
  for (let n = 0; n < 3; n++) {
    await harness.insertBars(`S${n}`, 4, n);
    ids.push((await harness.backup()).id);
  }
});

const copy = (options = {}) => copyBackup(harness.store, copies, { clock: harness.clock, ...options });
const dataKeys = () => harness.keys().filter((key) => key.endsWith('.native.zst'));

/** Fails one put of the second store, counted from 1. */
function failPut(number: number): void {
  let puts = 0;
  copies.onCall = (call) => {
    if (call === 'put' && ++puts === number) throw new ConnectionError('cut', { operation: 'objects.put' });
  };
}

it('copies the chain of the newest backup, which restores the same rows', async () => {
  const copied = await copy();
  expect(copied).toMatchObject({ id: ids[2], backups: ids, objects: dataKeys().length, present: 0 });
  expect(copied.bytes).toBeGreaterThan(0);
  expect(await listBackups(copies)).toEqual(await listBackups(harness.store));
  expect(await verifyBackup(copies)).toMatchObject({ id: ids[2], problems: [] });
  const { rows, target } = await restoreBackup(harness.backend.backups, copies, { into: 'from_copy' });
  await target.drop();
  expect(rows).toBe(await harness.restoredRows(ids[2]));
});

it('copies no backup after the chosen one', async () => {
  expect(await copy({ id: ids[1] })).toMatchObject({ id: ids[1], backups: ids.slice(0, 2) });
  expect((await listBackups(copies)).map(({ id }) => id)).toEqual(ids.slice(0, 2));
});

it('copies nothing again that the second store has', async () => {
  await copy();
  const puts: string[] = [];
  copies.onCall = (call, key) => void (call === 'put' && puts.push(key));
  expect(await copy()).toMatchObject({ objects: 0, bytes: 0, present: dataKeys().length });
  expect(puts).toEqual([]);
});

it('replaces copies that were damaged later', async () => {
  await copy();
  copies.objects.get(dataKeys()[0]!)![0]! ^= 1;
  copies.objects.get(manifestKey(ids[0]!))![9]! ^= 1;
  expect(await copy()).toMatchObject({ objects: 1, present: dataKeys().length - 1 });
  expect(copies.objects.get(manifestKey(ids[0]!))).toEqual(harness.store.objects.get(manifestKey(ids[0]!)));
});

it('leaves no manifest without its objects wherever it fails, and goes on', async () => {
  const puts = dataKeys().length + ids.length;
  for (let number = 1; number <= puts; number++) {
    copies = new ScriptedStore();
    failPut(number);
    await expect(copy()).rejects.toThrow('cut');
    copies.onCall = () => undefined;
    for (const { id } of await listBackups(copies)) {
      expect(await verifyBackup(copies, { id })).toMatchObject({ problems: [] });
    }
    const { objects, present } = await copy();
    expect(objects + present).toBe(dataKeys().length);
    expect(await verifyBackup(copies)).toMatchObject({ id: ids[2], problems: [] });
  }
});

it('refuses a damaged object of the first store and names it', async () => {
  const key = dataKeys()[1]!;
  harness.store.objects.get(key)![3]! ^= 1;
  await expect(copy()).rejects.toMatchObject({ code: 'VALIDATION', field: key });
  expect([...copies.objects.keys()].filter((each) => each === key || each.endsWith('manifest.json'))).toEqual(
    [],
  );
});

it('refuses a damaged manifest of the chain and names it', async () => {
  harness.store.objects.get(manifestKey(ids[0]!))![99]! ^= 1;
  await expect(copy()).rejects.toMatchObject({ code: 'VALIDATION', field: manifestKey(ids[0]!) });
  expect(copies.objects.size).toBe(0);
});

it.each([
  ['object', () => dataKeys()[0]!, 'has 1 bytes in place of'],
  ['manifest', () => manifestKey(ids[0]!), 'differs from the original in memory'],
])('refuses a copied %s that the second store keeps wrongly', async (_, keyOf, reason) => {
  const key = keyOf();
  copies.onCall = (call, got) => {
    if (call === 'get' && got === key) copies.objects.set(key, Uint8Array.of(1));
  };
  await expect(copy()).rejects.toMatchObject({ field: key, reason: expect.stringContaining(reason) });
  const manifests = [...copies.objects.keys()].filter((each) => each.endsWith('manifest.json'));
  expect(manifests.filter((each) => each !== key)).toEqual([]);
});

it('names an object that the first store finds damaged itself', async () => {
  const key = dataKeys()[0]!;
  harness.store.onCall = (call, got) => {
    if (call !== 'get' || got !== key) return;
    throw new QueryError('GET', 'damaged', { operation: 'objectStore.get', kind: 'OBJECT_DAMAGED' });
  };
  await expect(copy()).rejects.toMatchObject({ code: 'VALIDATION', field: key });
  const { problems } = await verifyBackup(harness.store, { id: ids[0] });
  expect(problems.map((problem) => problem.key)).toEqual([key]);
});

it('locks the copies, and those that are there, for the chosen time', async () => {
  await copy({ id: ids[0], retainDays: 2 });
  const first = copies.objects.size;
  expect([...copies.locks.values()].map(Number)).toEqual(
    Array(first).fill(harness.now + 2 * BACKUP_EVERY_MS),
  );
  harness.now += BACKUP_EVERY_MS;
  await copy({ retainDays: 2 });
  expect([...copies.locks.keys()].sort()).toEqual([...copies.objects.keys()].sort());
  expect(new Set([...copies.locks.values()].map(Number))).toEqual(
    new Set([harness.now + 2 * BACKUP_EVERY_MS]),
  );
});
