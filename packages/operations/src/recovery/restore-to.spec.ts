import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import { bars } from '@quantumtrade/dal-testing/records';
import { createBackup } from '../backup/create-backup.js';
import { ArchiveHarness } from '../testing/archive-harness.js';
import { promoteRestored } from './promotions.js';
import { restoreTo } from './restore-to.js';

const START = Date.UTC(2026, 0, 1);

it('restores a backup and later blocks into a database to promote', async () => {
  const harness = new ArchiveHarness();
  harness.clock.set(START);
  const { store, clock } = harness;
  const backend = memoryTimeSeries({ clock });
  const archive = harness.open({ database: (await backend.backups.snapshot()).database });
  /** Stores a bar as the adapter of a server does, which archives each block. */
  const insert = async (symbol: string, close: number) => {
    await harness.advance(1_000);
    const begunAt = clock.now();
    const collector = backend.blocks.collect('marketData');
    collector.append({
      ...bars([symbol]),
      records: bars([symbol]).records.map((bar) => ({ ...bar, close })),
    });
    const [block] = collector.finish();
    await backend.blocks.write(block!);
    await harness.settle(archive.append({ ...block!, begunAt }));
  };
  await insert('A', 1);
  await createBackup(backend.backups, store, { clock });
  await insert('A', 2);
  await insert('B', 1);
  const instant = clock.now();
  await insert('A', 3);
  await insert('C', 1);
  await harness.settle(archive.close());
  const recovery = await restoreTo(backend.backups, store, { to: new Date(instant), into: 'restored' });
  expect(recovery).toMatchObject({ database: 'restored', recoveryPoint: new Date(instant), rows: 3 });
  await promoteRestored(backend.backups, store, { database: 'restored', keepAs: 'former', clock });
  const { data } = await backend.marketData.find({});
  expect(data.map(({ symbol, close }) => [symbol, close])).toEqual([
    ['A', 2],
    ['B', 1],
  ]);
});

it('needs a backup after a promotion to restore to a later instant', async () => {
  const harness = new ArchiveHarness();
  harness.clock.set(START);
  const { store, clock } = harness;
  const { backups } = memoryTimeSeries({ clock });
  const archive = harness.open({ database: (await backups.snapshot()).database });
  await harness.append(archive, 'of the backup', { begunAt: clock.now() });
  await harness.settle(archive.close());
  await harness.advance(1_000_000);
  await createBackup(backups, store, { clock });
  const restored = () => restoreTo(backups, store, { to: 'latest', into: `restored_${clock.now()}` });
  const { database } = await restored();
  clock.advance(1);
  await promoteRestored(backups, store, { database, keepAs: 'former', clock });
  clock.advance(1);
  await expect(restoreTo(backups, store, { to: new Date(clock.now()), into: 'again' })).rejects.toThrow(
    'since the last promotion',
  );
  await createBackup(backups, store, { clock });
  expect((await restored()).recoveryPoint).toEqual(new Date(clock.now()));
  const [key] = [...store.objects.keys()].filter((each) => each.startsWith('promotions/'));
  store.objects.get(key!)![10]! ^= 1;
  await expect(restored()).rejects.toThrow(key!);
});

it.each([
  [{ to: new Date(NaN), into: 'a' }, 'to'],
  [{ to: 'yesterday', into: 'a' }, 'to'],
  [{ to: 'latest', into: '1a' }, 'into'],
  [{ to: 'latest', into: 'a', from: 1 }, 'from'],
  [{ to: 'latest', into: 'a', allowedClockDifferenceMs: -1 }, 'allowedClockDifferenceMs'],
])('refuses wrong options: %j', async (options, field) => {
  const { backups } = memoryTimeSeries();
  const { store } = new ArchiveHarness();
  await expect(restoreTo(backups, store, options as never)).rejects.toMatchObject({
    code: 'VALIDATION',
    field,
  });
});
