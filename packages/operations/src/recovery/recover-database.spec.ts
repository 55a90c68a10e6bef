import { SeededRandom } from '@quantumtrade/dal-runtime';
import { RecordingTarget } from '../testing/recording-target.js';
import { RecoveryScenario } from '../testing/recovery-scenario.js';

const SEED = Number(process.env['QT_SEED'] ?? 1);
const RUNS = Number(process.env['QT_RUNS'] ?? 100);

it('replays blocks acknowledged after the backup and by the instant', async () => {
  const recovery = new RecoveryScenario();
  const archive = recovery.open();
  for (const [n, id] of ['a', 'b', 'c', 'd'].entries()) await recovery.append(archive, id, 100 * (n + 1));
  await recovery.harness.settle(archive.close());
  recovery.backup(150);
  recovery.backup(350);
  expect(await recovery.restore(300)).toMatchObject({
    database: 'restored',
    backup: 'backup 150',
    recoveryPoint: new Date(300),
    blocks: 2,
    rows: 2,
  });
  expect(recovery.target).toMatchObject({ isDropped: false, isComplete: true });
  expect(recovery.target.replayed).toEqual([
    ['market_data', 'b', 'rows of b'],
    ['market_data', 'c', 'rows of c'],
  ]);
});

it('replays a journaled block that was stored after the backup began', async () => {
  const recovery = new RecoveryScenario();
  const archive = recovery.open();
  await recovery.append(archive, 'a', 300, { acknowledgedAt: 100 });
  await recovery.append(archive, 'b', 400, { acknowledgedAt: 260 });
  await recovery.harness.settle(archive.close());
  recovery.backup(200);
  await recovery.restore(250);
  expect(recovery.replayed()).toEqual(['a']);
});

it('begins with an older backup when the newest may have later writes', async () => {
  const recovery = new RecoveryScenario();
  const archive = recovery.open();
  await recovery.append(archive, 'a', 100);
  await recovery.append(archive, 'b', 400, { begunAt: 205 });
  await recovery.harness.settle(archive.close());
  recovery.backup(50);
  recovery.backup(200, 210);
  expect(await recovery.restore(300)).toMatchObject({ backup: 'backup 50' });
  expect(recovery.replayed()).toEqual(['a']);
  expect(await recovery.restore(400)).toMatchObject({ backup: 'backup 200' });
});

it.each([300, 'latest'] as const)('refuses %s without an archive', async (to) => {
  const recovery = new RecoveryScenario();
  recovery.backup(200, 210);
  await expect(recovery.restore(to)).rejects.toThrow(/to - needs an archive of what was written/);
});

it('refuses an instant that no backup was completed before', async () => {
  const recovery = new RecoveryScenario();
  const archive = recovery.open();
  await recovery.append(archive, 'a', 100);
  await recovery.harness.settle(archive.close());
  recovery.backup(200, 210);
  await expect(recovery.restore(205)).rejects.toThrow(/the first is of 1970-01-01T00:00:00.210Z/);
});

it("refuses an instant that an open writer's archive does not reach", async () => {
  const recovery = new RecoveryScenario();
  const archive = recovery.open({ intervalMs: 1_000 });
  await recovery.append(archive, 'a', 100);
  await recovery.harness.advance(1_000);
  recovery.backup(10);
  await expect(recovery.restore(1_100)).rejects.toThrow(
    /to - is later than the archive of writer \S+ reaches: 1970-01-01T00:00:01.099Z/,
  );
  expect(await recovery.restore('latest')).toMatchObject({ recoveryPoint: new Date(1_099), blocks: 1 });
  await recovery.harness.settle(archive.close());
  expect(await recovery.restore(5_000)).toMatchObject({ recoveryPoint: new Date(5_000) });
});

it('merges the archives of several writers and ignores other databases', async () => {
  const recovery = new RecoveryScenario();
  const archives = [recovery.open(), recovery.open(), recovery.open({ database: 'other' })];
  for (const [n, id] of ['a', 'b', 'x', 'c', 'd'].entries()) {
    await recovery.append(archives[n % 3]!, id, 100 + n);
  }
  await recovery.harness.settle(Promise.all(archives.map((archive) => archive.close())));
  recovery.backup(50);
  await recovery.restore(200);
  expect(recovery.replayed()).toEqual(['a', 'b', 'c', 'd']);
});

it('replays nothing that a promotion before the instant has undone', async () => {
  const recovery = new RecoveryScenario();
  const archive = recovery.open();
  for (const [n, id] of ['a', 'undone', 'c', 'd'].entries())
    await recovery.append(archive, id, 100 * (n + 1));
  await recovery.harness.settle(archive.close());
  recovery.backup(50);
  recovery.promotions.push(250);
  await expect(recovery.restore(400)).rejects.toThrow(/since the last promotion/);
  recovery.backup(260);
  expect(await recovery.restore(400, { allowedClockDifferenceMs: 200 })).toMatchObject({
    backup: 'backup 260',
  });
  expect(recovery.replayed()).toEqual(['c', 'd']);
  recovery.target = new RecordingTarget('restored');
  await recovery.restore(249);
  expect(recovery.replayed()).toEqual(['a', 'undone']);
});

it('replays a block once that was archived twice', async () => {
  const recovery = new RecoveryScenario();
  const archive = recovery.open();
  for (const at of [100, 200]) await recovery.append(archive, 'a', at);
  await recovery.harness.settle(archive.close());
  recovery.backup(50);
  expect(await recovery.restore(300)).toMatchObject({ blocks: 1, rows: 1 });
});

it('replays undelivered blocks that were acknowledged by the instant', async () => {
  const recovery = new RecoveryScenario();
  const archive = recovery.open();
  await recovery.append(archive, 'of the backup', 10);
  await recovery.harness.settle(archive.close());
  recovery.backup(50);
  async function* undelivered() {
    for (const [id, acknowledgedAt] of [
      ['a', 100],
      ['b', 301],
      ['c', undefined],
    ] as const) {
      yield { ...recovery.harness.block(id), ...(acknowledgedAt !== undefined && { acknowledgedAt }) };
    }
  }
  const report = await recovery.restore(300, { undelivered: undelivered() });
  expect(report).toMatchObject({ blocks: 2, undeliveredBlocks: 2 });
  expect(recovery.replayed()).toEqual(['a', 'c']);
});

it('restores a block that was archived in pieces', async () => {
  const recovery = new RecoveryScenario();
  const archive = recovery.open({ maxSegmentBytes: 4 });
  await recovery.append(archive, 'a', 100);
  await recovery.harness.settle(archive.close());
  recovery.backup(100);
  await recovery.restore(100);
  expect(recovery.target.replayed).toEqual([['market_data', 'a', 'rows of a']]);
});

it('drops the target when a block cannot be replayed', async () => {
  const recovery = new RecoveryScenario();
  const archive = recovery.open();
  await recovery.append(archive, 'a', 100);
  await recovery.harness.settle(archive.close());
  recovery.backup(50);
  recovery.target.failure = new Error('refused');
  await expect(recovery.restore(200)).rejects.toThrow('refused');
  expect(recovery.target).toMatchObject({ isDropped: true, isComplete: false });
});

it('refuses to restore past blocks that a damaged disk has lost', async () => {
  const recovery = new RecoveryScenario();
  const { disk } = recovery.harness;
  const crashed = recovery.open({ intervalMs: 1_000 });
  for (const [n, id] of ['a', 'b', 'c'].entries()) await recovery.append(crashed, id, 100 * (n + 1));
  recovery.harness.crash();
  const spool = [...disk.contents().keys()].find((path) => path.endsWith('.wal'))!;
  disk.flipBit(spool, disk.contents().get(spool)!.indexOf('rows of b'), 1);
  const archive = recovery.open();
  await recovery.harness.advance(0);
  await recovery.append(archive, 'd', 400);
  await recovery.harness.settle(archive.close());
  expect(recovery.harness.shipped()).toEqual(['a', 'c', 'd']);
  recovery.backup(50);
  await expect(recovery.restore(400)).rejects.toThrow(/0000000001.segment - follows 1 damaged ranges/);
});

it('names any object that is missing, changed or exchanged', async () => {
  const recovery = new RecoveryScenario();
  const archive = recovery.open({ maxSegmentBytes: 1 });
  for (let n = 0; n < 8; n++) await recovery.append(archive, `block ${n}`, 100 + n);
  await recovery.harness.settle(archive.close());
  recovery.backup(50);
  await recovery.restore(200);
  const random = new SeededRandom(SEED);
  const below = (limit: number) => Math.floor(random.next() * limit);
  const { objects } = recovery.harness.store;
  const intact = new Map(objects);
  const keys = [...intact.keys()].sort();
  for (let run = 0; run < RUNS; run++) {
    const key = keys[below(keys.length)]!;
    const changed = Uint8Array.from(intact.get(key)!);
    const way = below(4);
    changed[below(changed.length)]! ^= 1 + below(255);
    if (way === 0) objects.delete(key);
    else if (way === 1) objects.set(key, changed.subarray(0, below(changed.length)));
    else if (way === 2 && key.endsWith('.segment')) {
      const others = keys.filter((other) => other !== key && other.endsWith('.segment'));
      objects.set(key, intact.get(others[below(others.length)]!)!);
    } else objects.set(key, changed);
    await expect(recovery.restore(200)).rejects.toThrow(key);
    objects.set(key, intact.get(key)!);
  }
});
