import { BackupHarness, BACKUP_EVERY_MS } from '../testing/backup-harness.js';
import { backupStatus } from './backup-status.js';
import { restoreDrill } from './restore-drill.js';
import { verifyBackup } from './verify-backup.js';

let harness: BackupHarness;
beforeEach(async () => {
  harness = new BackupHarness();
  await harness.insertBars('A', 3);
});

const status = () => backupStatus(harness.store, { clock: harness.clock });
const verify = () => verifyBackup(harness.store, { clock: harness.clock });
const drill = () =>
  restoreDrill(harness.backend.backups, harness.store, { clock: harness.clock, random: harness.random });

it('status without any data is not ok', async () => {
  expect(await status()).toEqual({
    isOk: false,
    problems: ['there is no backup', 'no backup is verified', 'no restore was drilled'],
    newest: null,
    newestVerified: null,
    ageMs: null,
    lastDrill: null,
    lastCopy: null,
  });
});

it('status is ok after a verified backup and a drill', async () => {
  const { id } = await harness.backup();
  await verify();
  expect(await drill()).toMatchObject({ outcome: 'passed', id, rows: 3 });
  const found = await status();
  expect(found).toMatchObject({ isOk: true, problems: [], newest: { id }, newestVerified: { id } });
  expect(found.lastDrill).toMatchObject({ outcome: 'passed', id });
});

it('status is not ok for old backups and drills', async () => {
  await harness.backup();
  await verify();
  await drill();
  harness.now += 2 * BACKUP_EVERY_MS;
  expect((await status()).problems).toEqual(['the newest verified backup is too old']);
  harness.now += 7 * BACKUP_EVERY_MS;
  expect((await status()).problems).toEqual([
    'the newest verified backup is too old',
    'the last drill is too old',
  ]);
});

it('a drill of a damaged backup fails with the object', async () => {
  await harness.backup();
  const [key] = harness.keys('backups/').filter((each) => each.includes('/data/'));
  harness.store.objects.set(key!, Buffer.from('x'));
  const failed = await drill();
  expect(failed).toMatchObject({ outcome: 'failed', reason: expect.stringContaining(key!) as string });
  await verify();
  const { isOk, problems, newestVerified } = await status();
  expect({ isOk, newestVerified }).toEqual({ isOk: false, newestVerified: null });
  expect(problems.filter((problem) => problem.includes(key!))).toHaveLength(2);
});

it('a drill leaves no database', async () => {
  await harness.backup();
  const created: string[] = [];
  const { backups } = harness.backend;
  const recorded = {
    ...backups,
    createTarget: (...args: Parameters<typeof backups.createTarget>) => {
      created.push(args[0]);
      return backups.createTarget(...args);
    },
  };
  await restoreDrill(recorded, harness.store, { clock: harness.clock, random: harness.random });
  expect(created).toEqual([expect.stringMatching(/^qtdal_drill_\d+_[0-9a-f]{12}$/)]);
  await (await backups.createTarget(created[0]!, 7)).drop();
});
