import { isDatabaseError } from '@quantumtrade/dal-domain';
import { BackupHarness } from '../testing/backup-harness.js';
import { listBackups } from './catalog.js';
import { pruneBackups } from './prune-backups.js';
import { restoreBackup } from './restore-backup.js';
import { verifyBackup } from './verify-backup.js';

/** Runs an action once for each of its calls of the store, and fails that call. Returns how many calls there are. */
async function failEachCall(
  prepare: () => Promise<BackupHarness>,
  action: (harness: BackupHarness) => Promise<unknown>,
  afterwards: (harness: BackupHarness) => Promise<void>,
): Promise<number> {
  for (let failAt = 1; ; failAt++) {
    const harness = await prepare();
    harness.failCall(failAt);
    const failure: unknown = await action(harness).then(
      () => undefined,
      (error: unknown) => error,
    );
    harness.failCall(0);
    if (failure === undefined) return failAt - 1;
    expect(isDatabaseError(failure) && failure.code).toBe('CONNECTION');
    await afterwards(harness);
  }
}

async function withChain(): Promise<BackupHarness> {
  const harness = new BackupHarness();
  for (const month of [0, 1, 2]) {
    await harness.insertBars('A', 2, month);
    await harness.backup();
  }
  await harness.insertBars('B', 2, 1);
  await harness.insertBars('C', 2, 3);
  return harness;
}

it('create that fails at any call leaves no backup and is repeated', async () => {
  const calls = await failEachCall(
    withChain,
    (harness) => harness.backup(),
    async (harness) => {
      expect(await listBackups(harness.store)).toHaveLength(3);
      const { id } = await harness.backup();
      expect((await verifyBackup(harness.store, { id })).problems).toEqual([]);
      expect(await harness.restoredRows(id)).toBe(10);
      await pruneBackups(harness.store, { keep: 1, graceMs: 0, clock: harness.clock });
      const folders = new Set(harness.keys('backups/').map((key) => key.split('/')[1]));
      expect(folders.size).toBe(4);
    },
  );
  expect(calls).toBeGreaterThan(5);
});

it('restore that fails at any call leaves no database and is repeated', async () => {
  const calls = await failEachCall(
    withChain,
    (harness) => restoreBackup(harness.backend.backups, harness.store, { into: 'side' }),
    async (harness) => {
      const { rows } = await restoreBackup(harness.backend.backups, harness.store, { into: 'side' });
      expect(rows).toBe(6);
    },
  );
  expect(calls).toBeGreaterThan(4);
});

it('verify that fails at any call rejects and is repeated', async () => {
  const calls = await failEachCall(
    withChain,
    (harness) => verifyBackup(harness.store),
    async (harness) => expect((await verifyBackup(harness.store)).problems).toEqual([]),
  );
  expect(calls).toBeGreaterThan(4);
});
