import type { EncodedBlock, RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import type { RestoreTarget } from '@quantumtrade/dal-domain/operations';
import { rejectionOf, summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { BAR_TABLE, blocksOf, copyTables, replay, totalRows } from './backup-blocks.js';
import { barsOf, marketDataCase } from './block-samples.js';
import { batchOfRows, caseOf, recordCases } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import { DAY, describeSubject, uniqueDay, uniqueName } from './subject.js';

/** Tests `BackupBackend`. */
export function backupSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'backups', (backend) => {
    const { it, expect } = runner;
    const insertBars = (symbol: string, day: number, count: number, close = 1) =>
      marketDataCase.insert(backend(), batchOfRows(marketDataCase, barsOf(symbol, day, count, close)));
    const newTarget = async (): Promise<RestoreTarget> => {
      const snapshot = await backend().backups.snapshot();
      await snapshot.release();
      const name = `${snapshot.database}_${uniqueName('side')}`;
      return backend().backups.createTarget(name, snapshot.schemaVersion);
    };
    const contentOf = async (source: Pick<RestoreTarget, 'content'>) => source.content(BAR_TABLE);
    const closesOf = async (symbol: string) => {
      const { data } = await backend().marketData.find({ symbol });
      return data.map(({ close }) => close);
    };

    it('snapshot has rows written before, and none after', async () => {
      const [symbol, day] = [uniqueName(), uniqueDay()];
      await insertBars(symbol, day, 3);
      const snapshot = await backend().backups.snapshot();
      const before = await contentOf(snapshot);
      const rows = totalRows(before);
      await insertBars(symbol, day, 5, 2);
      await insertBars(uniqueName(), day, 2);
      expect(await contentOf(snapshot)).toEqual(before);
      const target = await newTarget();
      expect(await copyTables(snapshot, target)).toBeGreaterThanOrEqual(rows);
      expect(await contentOf(target)).toEqual(before);
      await snapshot.release();
      await target.drop();
    });

    it('a promoted copy has the rows of every record as they were', async () => {
      const symbol = uniqueName();
      const day = uniqueDay();
      for (const tested of recordCases) {
        const rows = [tested.row(symbol, day), tested.row(symbol, day + 40 * DAY, 1)];
        await tested.insert(backend(), batchOfRows(tested, rows));
      }
      const set = { symbol, timestamp: day, features: { a: 1, b: -0.5 }, version: 1 };
      await backend().features.insert([set]);
      await backend().checkpoints.save(symbol, 77);
      const before = await rowsOf(backend(), symbol);
      const snapshot = await backend().backups.snapshot();
      const name = `${snapshot.database}_${uniqueName('side')}`;
      const target = await backend().backups.createTarget(name, snapshot.schemaVersion);
      await copyTables(snapshot, target);
      for (const { table } of snapshot.tables) {
        expect(await target.content(table)).toEqual(await snapshot.content(table));
      }
      await snapshot.release();
      await insertBars(symbol, day, 9, 3);
      await backend().checkpoints.save(symbol, 99);
      await target.complete();
      await backend().backups.promote(name, `${name}_former`);
      expect(await rowsOf(backend(), symbol)).toEqual(before);
      expect(await backend().checkpoints.load(symbol)).toBe(77);
      expect(await backend().schema.validate()).toMatchObject({ valid: true });
      await insertBars(symbol, day, 1, 4);
      expect((await closesOf(symbol))[0]).toBe(4);
    });

    it('content changes with a changed value and with a lost row', async () => {
      const [symbol, day] = [uniqueName(), uniqueDay()];
      const blocks = await blocksOf(backend(), barsOf(symbol, day, 3), [day]);
      const changed = await blocksOf(backend(), barsOf(symbol, day, 3, 1.5), [day]);
      const fewer = await blocksOf(backend(), barsOf(symbol, day, 2), [day]);
      const hashes = new Set<string>();
      for (const [block] of [blocks, changed, fewer]) {
        const target = await newTarget();
        await replay(target, block!);
        hashes.add((await contentOf(target))[0]!.hash);
        await target.drop();
      }
      expect(hashes.size).toBe(3);
    });

    it('snapshot refuses tables and parts that it does not have', async () => {
      await insertBars(uniqueName(), uniqueDay(), 2);
      const snapshot = await backend().backups.snapshot();
      const { parts } = snapshot.tables.find(({ table }) => table === BAR_TABLE)!;
      const { name } = parts[0]!;
      for (const part of ['', 'none', `${name}_`, `9/${name}`, `/${name}`]) {
        const refusal = { code: 'VALIDATION', field: 'part' };
        expect(await summaryOfRejection(() => snapshot.read(BAR_TABLE, part, 0, 1))).toEqual(refusal);
      }
      const unknown = () => snapshot.read('none', name, 0, 1);
      expect(await summaryOfRejection(unknown)).toEqual({ code: 'VALIDATION', field: 'table' });
      await snapshot.release();
    });

    it('content of chosen partitions leaves out the others', async () => {
      const symbol = uniqueName();
      const day = uniqueDay();
      await insertBars(symbol, day, 1);
      await insertBars(symbol, day + 40 * DAY, 1);
      const snapshot = await backend().backups.snapshot();
      const all = await contentOf(snapshot);
      const [first] = all;
      expect(all.length).toBeGreaterThan(1);
      expect(await snapshot.content(BAR_TABLE, { partitions: [first!.partition, 'none'] })).toEqual([first]);
      await snapshot.release();
    });

    it('store and replay keep one copy of a repeated block', async () => {
      const [symbol, day] = [uniqueName(), uniqueDay()];
      const [block] = await blocksOf(backend(), barsOf(symbol, day, 4), [day]);
      const target = await newTarget();
      await replay(target, block!);
      const once = await contentOf(target);
      await replay(target, block!);
      await replay(target, { ...block!, id: 'another' });
      expect(await contentOf(target)).toEqual(once);
      expect(totalRows(once)).toBe(4);
      await insertBars(symbol, day, 2);
      const snapshot = await backend().backups.snapshot();
      const copy = await newTarget();
      await copyTables(snapshot, copy);
      await copyTables(snapshot, copy);
      expect(await contentOf(copy)).toEqual(await contentOf(snapshot));
      await snapshot.release();
      await Promise.all([target.drop(), copy.drop()]);
    });

    it('replay stores newer versions and no older ones', async () => {
      const [symbol, day] = [uniqueName(), uniqueDay()];
      const [older, newer] = [1, 2].map((close) => barsOf(symbol, day, 2, close));
      const [first] = await blocksOf(backend(), older!, [day]);
      const [second] = await blocksOf(backend(), newer!, [day]);
      const target = await newTarget();
      await replay(target, second!);
      const only = await contentOf(target);
      await replay(target, first!);
      expect(await contentOf(target)).toEqual(only);
      await target.drop();
      const other = await newTarget();
      await replay(other, first!);
      await replay(other, second!);
      expect((await contentOf(other))[0]!.hash === only[0]!.hash).toBe(
        totalRows(await contentOf(other)) === 2,
      );
      await other.drop();
    });

    it('replay of many blocks stores each newest row once', async () => {
      const [symbol, day] = [uniqueName(), uniqueDay()];
      const given: EncodedBlock[] = [];
      for (const [at, close] of [
        [day, 1],
        [day + 40 * DAY, 1],
        [day, 2],
        [day + DAY, 1],
      ] as const) {
        given.push(...(await blocksOf(backend(), barsOf(symbol, at, 3, close), [day])));
      }
      const one = await newTarget();
      for (const block of given) await replay(one, block);
      const all = await newTarget();
      await replay(all, ...given, given[0]!);
      expect(await contentOf(all)).toEqual(await contentOf(one));
      await replay(all, ...given);
      expect(await contentOf(all)).toEqual(await contentOf(one));
      await Promise.all([one.drop(), all.drop()]);
    });

    it('replay refuses bytes that are no block, and other tables', async () => {
      const day = uniqueDay();
      const [block] = await blocksOf(backend(), barsOf(uniqueName(), day, 2), [day]);
      const target = await newTarget();
      const { bytes } = block!;
      const refusal = { code: 'VALIDATION', field: 'block' };
      const good = { id: 'b', rowCount: 2, bytes };
      for (const wrong of [{ rowCount: 3 }, { bytes: bytes.subarray(1) }]) {
        const blocks = [good, { ...good, id: 'a', ...wrong }];
        expect(await summaryOfRejection(() => target.replay(BAR_TABLE, blocks))).toEqual(refusal);
      }
      const unknown = () => target.replay('system.users', [good]);
      expect(await summaryOfRejection(unknown)).toEqual({ code: 'VALIDATION', field: 'table' });
      expect(await contentOf(target)).toEqual([]);
      await target.drop();
    });

    it('createTarget refuses wrong names, existing databases and unknown versions', async () => {
      const { backups, schema } = backend();
      const target = await newTarget();
      const version = await schema.version();
      const refusal = { code: 'VALIDATION', field: 'database' };
      for (const name of ['', '1a', 'a b', 'a`', 'a.b', "a'", 'é', 'a'.repeat(64), target.database]) {
        expect(await summaryOfRejection(() => backups.createTarget(name, version))).toEqual(refusal);
      }
      const unknown = () => backups.createTarget(`${target.database}_x`, version + 1);
      expect(await summaryOfRejection(unknown)).toEqual({ code: 'MIGRATION' });
      await (await backups.createTarget(`${target.database}_x`, version)).drop();
      await target.drop();
    });

    it('createTarget replaces an idle unfinished restore and nothing else', async () => {
      const { backups, schema } = backend();
      const [symbol, day] = [uniqueName(), uniqueDay()];
      const [block] = await blocksOf(backend(), barsOf(symbol, day, 4), [day]);
      const target = await newTarget();
      await replay(target, block!);
      const version = await schema.version();
      const create = (replaceIdleMs?: number, name = target.database) =>
        backups.createTarget(name, version, { replaceIdleMs });
      const refusal = { code: 'VALIDATION', field: 'database' };
      for (const idle of [undefined, 3_600_000]) {
        const error = await rejectionOf(() => create(idle));
        expect(error.message.includes(`the database ${target.database} is there from a restore that`)).toBe(
          true,
        );
      }
      expect(totalRows(await contentOf(target))).toBe(4);
      const replaced = await create(0);
      expect(await contentOf(replaced)).toEqual([]);
      expect(await summaryOfRejection(() => target.complete())).toEqual(refusal);
      await target.drop();
      expect(await contentOf(replaced)).toEqual([]);
      await replaced.complete();
      expect(await summaryOfRejection(() => create(0))).toEqual(refusal);
      const snapshot = await backups.snapshot();
      await snapshot.release();
      expect(await summaryOfRejection(() => create(0, snapshot.database))).toEqual(refusal);
      expect(await summaryOfRejection(() => create(-1))).toEqual({
        code: 'VALIDATION',
        field: 'replaceIdleMs',
      });
      await replaced.drop();
    });

    it('promote refuses a restore that has not finished', async () => {
      const { backups } = backend();
      const target = await newTarget();
      const promote = () => backups.promote(target.database, `${target.database}_former`);
      expect(await summaryOfRejection(promote)).toEqual({ code: 'VALIDATION', field: 'database' });
      await target.drop();
    });

    it('migrate brings an older schema to the newest version with its rows', async () => {
      const { backups, schema } = backend();
      const newest = await schema.version();
      const { database } = await newTargetAt(backend(), 1);
      const target = await backups.createTarget(`${database}_2`, 10);
      expect(await target.migrate()).toBe(newest);
      expect(await target.content('ingestion_checkpoints')).toEqual([]);
      await target.drop();
    });

    it('promote refuses an older schema and a database that is kept', async () => {
      const { backups } = backend();
      const old = await newTargetAt(backend(), 1);
      const kept = await newTarget();
      const ready = await newTarget();
      await Promise.all([old.complete(), ready.complete()]);
      const name = `${old.database}_former`;
      const older = () => backups.promote(old.database, name);
      expect(await summaryOfRejection(older)).toEqual({ code: 'VALIDATION', field: 'database' });
      const existing = () => backups.promote(ready.database, kept.database);
      expect(await summaryOfRejection(existing)).toEqual({ code: 'VALIDATION', field: 'keepAs' });
      const missing = () => backups.promote(`${name}_missing`, name);
      expect(await summaryOfRejection(missing)).toEqual({ code: 'VALIDATION', field: 'database' });
      await Promise.all([old, kept, ready].map((target) => target.drop()));
    });
  });
}

async function newTargetAt(backend: TimeSeriesBackend, version: number): Promise<RestoreTarget> {
  const snapshot = await backend.backups.snapshot();
  await snapshot.release();
  return backend.backups.createTarget(`${snapshot.database}_${uniqueName('old')}`, version);
}

/** Returns the rows of every record with this scope. */
async function rowsOf(backend: TimeSeriesBackend, scope: string): Promise<unknown> {
  const found: unknown[] = [];
  for (const { definition } of recordCases) {
    const tested = caseOf(definition.name as RecordName);
    found.push((await tested.find(backend, tested.where(scope), { exact: true })).data);
  }
  return [...found, (await backend.features.find({ symbol: scope })).data];
}
