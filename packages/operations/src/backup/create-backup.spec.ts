import { ConnectionError } from '@quantumtrade/dal-domain';
import { BACKUP_EVERY_MS, BackupHarness } from '../testing/backup-harness.js';
import { listBackups } from './catalog.js';
import { createBackup } from './create-backup.js';
import { manifestKey } from './manifest.js';

let harness: BackupHarness;
beforeEach(() => {
  harness = new BackupHarness();
});

it('first backup is full and lists all rows', async () => {
  await harness.insertBars('A', 3);
  await harness.backend.checkpoints.save('feed', 7);
  const { id, kind, base, rows, ownBytes, bytes } = await harness.backup();
  expect({ kind, base, rows }).toEqual({ kind: 'full', base: null, rows: 4 });
  expect(ownBytes).toBe(bytes);
  expect(await harness.restoredRows(id)).toBe(4);
});

it('manifest is stored last', async () => {
  await harness.insertBars('A', 3);
  const puts: string[] = [];
  harness.store.onCall = (call, key) => void (call === 'put' && puts.push(key));
  const { id } = await harness.backup();
  expect(puts.at(-1)).toBe(manifestKey(id));
  expect(puts.length).toBeGreaterThan(1);
});

it('incremental backup stores only the parts that changed', async () => {
  await harness.insertBars('A', 3, 0);
  await harness.insertBars('A', 3, 1);
  const first = await harness.backup();
  await harness.insertBars('A', 1, 1, 5);
  const second = await harness.backup();
  expect(second).toMatchObject({ kind: 'incremental', base: first.id, rows: 6 });
  expect(harness.keys(`backups/${second.id}/data`)).toHaveLength(1);
  const third = await harness.backup();
  expect(harness.keys(`backups/${third.id}/`)).toEqual([manifestKey(third.id)]);
  expect(third).toMatchObject({ base: second.id, rows: 6, ownBytes: 0 });
  expect(await harness.restoredRows(third.id)).toBe(6);
  expect(await harness.backup({ full: true })).toMatchObject({ kind: 'full', base: null });
});

it('object of an earlier backup that is missing is stored again', async () => {
  await harness.insertBars('A', 3, 0);
  await harness.insertBars('A', 3, 1);
  const first = await harness.backup();
  const [lost] = harness.keys(`backups/${first.id}/data`);
  harness.store.objects.delete(lost!);
  const second = await harness.backup();
  expect(harness.keys(`backups/${second.id}/data`)).toHaveLength(1);
  expect(await harness.restoredRows(second.id)).toBe(6);
  await expect(harness.restoredRows(first.id)).rejects.toThrow(lost!);
});

it('backup is full when the manifest of the newest one is damaged', async () => {
  await harness.insertBars('A', 3);
  const { id } = await harness.backup();
  harness.store.objects.set(manifestKey(id), Buffer.from('{}'));
  const { kind } = await harness.backup();
  expect(kind).toBe('full');
  const [damaged, sound] = await listBackups(harness.store);
  expect(damaged).toMatchObject({ id, problem: expect.stringContaining(manifestKey(id)) as string });
  expect(sound!.problem).toBeUndefined();
});

it('backup is full after the schema has changed', async () => {
  await harness.insertBars('A', 3);
  await harness.backup();
  await harness.backend.schema.migrate(6);
  expect(await harness.backup()).toMatchObject({ kind: 'full', schemaVersion: 6, rows: 3 });
});

it('backup is full after one of another database', async () => {
  await harness.insertBars('A', 3);
  const { backups } = harness.backend;
  const snapshot = async () => ({ ...(await backups.snapshot()), database: 'other' });
  await createBackup({ ...backups, snapshot }, harness.store, {
    clock: harness.clock,
    random: harness.random,
  });
  expect(await harness.backup()).toMatchObject({ kind: 'full', database: 'memory' });
});

it('backup of a table larger than an object has several', async () => {
  await harness.insertBars('A', 3);
  const { snapshot } = harness.backend.backups;
  const large = {
    ...harness.backend.backups,
    snapshot: async () => {
      const taken = await snapshot();
      const tables = taken.tables.map((table) => ({
        ...table,
        parts: table.parts.map((part) => ({ ...part, bytes: 48 * 2 ** 20 })),
      }));
      return { ...taken, tables };
    },
  };
  Object.assign(harness.backend, { backups: large });
  const { id } = await harness.backup();
  expect(harness.keys(`backups/${id}/data`)).toHaveLength(2);
  expect(await harness.restoredRows(id)).toBe(3);
});

it('rows that are missing from a read fail the backup', async () => {
  await harness.insertBars('A', 3);
  const { backups } = harness.backend;
  const lossy = {
    ...backups,
    snapshot: async () => {
      const taken = await backups.snapshot();
      const read: typeof taken.read = (table, part, from, to) => taken.read(table, part, from, to - 1);
      return { ...taken, read };
    },
  };
  Object.assign(harness.backend, { backups: lossy });
  await expect(harness.backup()).rejects.toMatchObject({ code: 'QUERY', retryable: true });
  expect(await listBackups(harness.store)).toEqual([]);
});

it('snapshot is released after success and after failure', async () => {
  let open = 0;
  const { backups } = harness.backend;
  const counted = {
    ...backups,
    snapshot: async () => {
      const taken = await backups.snapshot();
      open++;
      return { ...taken, release: async () => void open-- };
    },
  };
  Object.assign(harness.backend, { backups: counted });
  await harness.insertBars('A', 3);
  await harness.backup();
  expect(open).toBe(0);
  harness.store.onCall = (call) => {
    if (call === 'put') harness.store.isDown = true;
  };
  await harness.insertBars('A', 4);
  await expect(harness.backup()).rejects.toMatchObject({ code: 'CONNECTION' });
  expect(open).toBe(0);
});

it('unknown options are refused by name', async () => {
  await expect(harness.backup({ fulll: true } as never)).rejects.toMatchObject({
    code: 'VALIDATION',
    field: 'fulll',
  });
});

it('objects are locked for the days to retain', async () => {
  await harness.insertBars('A', 3);
  const { locks, objects } = harness.store;
  await harness.backup({ retainDays: 3 });
  expect(locks.size).toBeGreaterThan(1);
  expect(locks.size).toBe(objects.size);
  expect(new Set([...locks.values()].map(Number))).toEqual(new Set([harness.now + 3 * BACKUP_EVERY_MS]));
  await harness.backup({ full: true });
  expect(locks.size).toBeLessThan(objects.size);
});

it('earlier objects are locked as long as the backup needing them', async () => {
  await harness.insertBars('A', 3);
  const { locks } = harness.store;
  const first = await harness.backup({ retainDays: 3 });
  const until = harness.now + 3 * BACKUP_EVERY_MS;
  await harness.insertBars('B', 3, 1);
  const { id, kind } = await harness.backup({ retainDays: 3 });
  expect(kind).toBe('incremental');
  const earlier = harness.keys(`backups/${first.id}/data/`);
  const needed = [...earlier, ...harness.keys(`backups/${id}/`)];
  expect(earlier).not.toEqual([]);
  for (const key of needed) expect([key, Number(locks.get(key))]).toEqual([key, until + BACKUP_EVERY_MS]);
  expect(Number(locks.get(manifestKey(first.id)))).toBe(until);
});

it('leaves no backup whose earlier objects cannot be locked', async () => {
  await harness.insertBars('A', 3);
  const { id } = await harness.backup();
  harness.store.onCall = (call) => {
    if (call === 'retain') throw new ConnectionError('cut', { operation: 'objects.retain' });
  };
  await expect(harness.backup({ retainDays: 3 })).rejects.toThrow('cut');
  expect((await listBackups(harness.store)).map((each) => each.id)).toEqual([id]);
});
