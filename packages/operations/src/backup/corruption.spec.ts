import { QueryError } from '@quantumtrade/dal-domain';
import { Random, seeds } from '@quantumtrade/dal-testing';
import { BackupHarness } from '../testing/backup-harness.js';
import { manifestKey, ownerOf } from './manifest.js';
import { restoreBackup } from './restore-backup.js';
import { verifyBackup } from './verify-backup.js';

/** A chain of four backups; the newest refers to objects of all of them. */
async function chain(): Promise<{ harness: BackupHarness; id: string; keys: string[] }> {
  const harness = new BackupHarness();
  for (const month of [0, 1, 2]) {
    await harness.insertBars('A', 3 + month, month);
    await harness.backup();
  }
  const { id } = await harness.backup();
  const keys = [...harness.keys('backups/').filter((key) => key.includes('/data/')), manifestKey(id)];
  return { harness, id, keys };
}

it('every flipped byte is named by verify and refused by restore', async () => {
  const { harness, id: newest } = await chain();
  const { objects } = harness.store;
  const keys = harness.keys('backups/');
  expect(keys).toHaveLength(7);
  for (const seed of seeds(200)) {
    const random = new Random(seed);
    const key = random.pick(keys);
    const whole = objects.get(key)!;
    const flipped = Uint8Array.from(whole);
    const at = random.below(whole.length);
    flipped[at]! ^= 1 + random.below(255);
    objects.set(key, flipped);
    const flip = { seed, key, at };
    const owner = ownerOf(key)!;
    const id = owner.isManifest ? owner.id : newest;
    const { problems } = await verifyBackup(harness.store, { id });
    expect({ flip, found: problems.map((each) => each.key) }).toEqual({ flip, found: [key] });
    const restored = restoreBackup(harness.backend.backups, harness.store, { into: 'side', id });
    await expect(restored).rejects.toMatchObject({ code: 'VALIDATION', field: key });
    objects.set(key, whole);
  }
  expect((await verifyBackup(harness.store)).problems).toEqual([]);
  await restoreBackup(harness.backend.backups, harness.store, { into: 'side' });
});

it.each(['truncated', 'emptied', 'extended', 'missing'])('%s object is named', async (kind) => {
  const { harness, id, keys } = await chain();
  for (const key of keys) {
    const whole = harness.store.objects.get(key)!;
    const changed = {
      truncated: whole.subarray(0, -1),
      emptied: new Uint8Array(),
      extended: Buffer.concat([whole, Buffer.from('x')]),
      missing: undefined,
    }[kind];
    if (changed) harness.store.objects.set(key, changed);
    else harness.store.objects.delete(key);
    const { problems } = await verifyBackup(harness.store, { id });
    expect(problems.map((each) => each.key)).toEqual([key]);
    const restored = restoreBackup(harness.backend.backups, harness.store, { into: 'side', id });
    await expect(restored).rejects.toMatchObject({ code: 'VALIDATION', field: key });
    harness.store.objects.set(key, whole);
  }
});

it('manifest of another backup under this id is refused', async () => {
  const { harness, id } = await chain();
  const [first] = harness.keys('backups/').filter((key) => key.endsWith('manifest.json'));
  harness.store.objects.set(manifestKey(id), harness.store.objects.get(first!)!);
  const { problems } = await verifyBackup(harness.store, { id });
  expect(problems.map(({ key }) => key)).toEqual([manifestKey(id)]);
});

it('stored rows that differ from the manifest drop the restored database', async () => {
  const { harness, id } = await chain();
  const { backups } = harness.backend;
  const lossy = {
    ...backups,
    createTarget: async (...args: Parameters<typeof backups.createTarget>) => {
      const target = await backups.createTarget(...args);
      let stored = 0;
      return {
        ...target,
        store: (...block: Parameters<typeof target.store>) =>
          ++stored === 2 ? Promise.resolve() : target.store(...block),
      };
    },
  };
  const lost = restoreBackup(lossy, harness.store, { into: 'side', id });
  await expect(lost).rejects.toMatchObject({ code: 'VALIDATION', field: 'content' });
  await restoreBackup(backups, harness.store, { into: 'side', id });
});

it('object whose checksum the store itself refuses is named', async () => {
  const { harness, id, keys } = await chain();
  for (const damaged of keys) {
    harness.store.onCall = (call, key) => {
      if (call !== 'get' || key !== damaged) return;
      throw new QueryError('get', 'another checksum', { operation: 'objects.get', kind: 'OBJECT_DAMAGED' });
    };
    const { problems } = await verifyBackup(harness.store, { id });
    expect(problems.map(({ key }) => key)).toEqual([damaged]);
    const restored = restoreBackup(harness.backend.backups, harness.store, { into: 'side', id });
    await expect(restored).rejects.toMatchObject({ code: 'VALIDATION', field: damaged });
  }
});
