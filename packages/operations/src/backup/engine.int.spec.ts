import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { Random, seeds, until } from '@quantumtrade/dal-testing';
import { bars } from '@quantumtrade/dal-testing/records';
import { ENGINE_TABLES, EngineDatabase } from '../testing/engine-database.js';
import { createBackup } from './create-backup.js';
import { pruneBackups } from './prune-backups.js';
import { restoreBackup } from './restore-backup.js';
import { restoreDrill } from './restore-drill.js';
import { verifyBackup } from './verify-backup.js';

let engine: EngineDatabase;
beforeEach(async () => {
  engine = new EngineDatabase();
  await engine.create();
});
afterEach(() => engine.close());

const backup = (full = false) => createBackup(engine.backend.backups, engine.store, { full });

it('restored tables have the same rows of every record and kind', async () => {
  for (const [n, table] of ENGINE_TABLES.entries()) await engine.insertRandom(table, 300, n + 1);
  await engine.run('INSERT INTO market_data SELECT * REPLACE (1 AS close) FROM market_data WHERE open > 0');
  const { id, rows } = await backup();
  expect(rows).toBeGreaterThan(2_100);
  const stored = await engine.rows(engine.name, true);
  expect(await engine.restored(id, (database) => engine.rows(database, true))).toEqual(stored);
  expect((await verifyBackup(engine.store)).problems).toEqual([]);
  expect(await restoreDrill(engine.backend.backups, engine.store)).toMatchObject({ outcome: 'passed', rows });
});

it('backup made under load has what was acknowledged before, nothing begun after', async () => {
  const rowOf = (n: number) => bars([`S${n}`], () => Date.UTC(2024, n % 6, 2) + n);
  let begun = 0;
  const acknowledged: number[] = [];
  let isOver = false;
  const write = async () => {
    while (!isOver) {
      const n = begun++;
      await engine.backend.marketData.insert(rowOf(n));
      acknowledged.push(n);
    }
  };
  const disturb = async () => {
    while (!isOver) {
      await engine.run('OPTIMIZE TABLE market_data FINAL');
      await engine.run("ALTER TABLE market_data DELETE WHERE symbol = 'none' SETTINGS mutations_sync = 1");
    }
  };
  const load = [write(), write(), disturb()];
  while (acknowledged.length < 50) await engine.backend.schema.version();
  const before = [...acknowledged];
  const { id } = await backup();
  const last = begun;
  await engine.backend.marketData.insert(rowOf(begun++));
  isOver = true;
  await Promise.all(load);
  const symbols = await engine.restored(id, (database) =>
    engine.run('SELECT symbol FROM market_data FINAL FORMAT TSVRaw', database),
  );
  const restored = symbols
    .trim()
    .split('\n')
    .map((symbol) => Number(symbol.slice(1)));
  const found = new Set(restored);
  expect(before.filter((n) => !found.has(n))).toEqual([]);
  expect(restored.filter((n) => n >= last)).toEqual([]);
  expect(found.size).toBe(restored.length);
});

it.each(seeds(1))(
  'every backup of a chain restores its own state, seed %i',
  async (seed) => {
    const random = new Random(seed);
    const states = new Map<string, Record<string, string>>();
    const change = async () => {
      const table = random.pick(ENGINE_TABLES);
      const version = table === 'ingestion_checkpoints' ? 'updated_at' : 'written_at';
      const condition = `cityHash64(${version}) % 5 = ${random.below(5)}`;
      await random.pick([
        () => engine.insertRandom(table, 20 + random.below(50), random.below(1e6)),
        () => engine.run(`INSERT INTO ${table} SELECT * FROM ${table} WHERE ${condition}`),
        () => engine.run(`OPTIMIZE TABLE ${table} FINAL`),
        () => engine.run(`ALTER TABLE ${table} DELETE WHERE ${condition} SETTINGS mutations_sync = 1`),
        () => engine.run(`DELETE FROM ${table} WHERE ${condition}`),
      ])();
    };
    for (const table of ENGINE_TABLES) await engine.insertRandom(table, 50, random.below(1e6));
    for (let n = 0; n < 5; n++) {
      const { id, kind } = await backup(n === 0 || n === 3);
      expect(kind).toBe(n === 0 || n === 3 ? 'full' : 'incremental');
      states.set(id, await engine.rows(engine.name, true));
      for (let changes = 0; changes < 6; changes++) await change();
    }
    for (const [id, state] of states) {
      expect({
        seed,
        id,
        rows: await engine.restored(id, (database) => engine.rows(database, true)),
      }).toEqual({
        ...{ seed, id, rows: state },
      });
    }
    const { backups } = await pruneBackups(engine.store, { keep: 1 });
    expect(backups).toEqual([...states.keys()].slice(0, 3).reverse());
    for (const id of [...states.keys()].slice(3)) {
      expect(await engine.restored(id, (database) => engine.rows(database, true))).toEqual(states.get(id));
    }
  },
  240_000,
);

it('backup of an older schema is restored and migrated', async () => {
  const newest = await engine.backend.schema.version();
  await engine.backend.schema.migrate(8);
  await engine.insertRandom('prediction_outcomes', 100, 3);
  await engine.insertRandom('market_data', 100, 4);
  const { id, schemaVersion } = await backup();
  expect(schemaVersion).toBe(8);
  const side = `${engine.name}_side`;
  const restored = await restoreBackup(engine.backend.backups, engine.store, { into: side, id });
  expect(restored).toMatchObject({ schemaVersion: newest });
  await engine.backend.schema.initialize();
  expect(await engine.rows(side, true)).toEqual(await engine.rows(engine.name, true));
  await engine.backend.backups.promote(side, `${engine.name}_former`);
  expect(await engine.backend.schema.validate()).toMatchObject({ valid: true, version: newest });
});

it('a changed object is refused and leaves no database', async () => {
  await engine.insertRandom('market_data', 100, 5);
  const { id } = await backup();
  const [key] = [...engine.store.objects.keys()].filter((each) => each.includes('/data/'));
  const whole = engine.store.objects.get(key!)!;
  const changed = Uint8Array.from(whole);
  changed[changed.length >> 1]! ^= 1;
  engine.store.objects.set(key!, changed);
  const into = `${engine.name}_side`;
  const restoring = restoreBackup(engine.backend.backups, engine.store, { into, id });
  await expect(restoring).rejects.toMatchObject({ code: 'VALIDATION', field: key });
  expect(await engine.run(`SELECT count() FROM system.databases WHERE name = '${into}'`)).toBe('0\n');
});

it('a killed restore is refused, and replaced once it is idle', async () => {
  await engine.insertRandom('market_data', 200, 6);
  const { id, rows } = await backup();
  const stored = await engine.rows(engine.name, true);
  const into = `${engine.name}_side`;
  const { backups } = engine.backend;
  const restore = (store: ObjectStore, replaceIdleMs?: number) =>
    restoreBackup(backups, store, { into, id, replaceIdleMs });
  let isAlive = true;
  const killed = new Promise<void>((resolve) => {
    engine.store.onCall = (call, key) => {
      if (call === 'get' && key.includes('/data/') && isAlive) {
        isAlive = false;
        resolve();
      }
    };
  });
  void restore(engine.store.connect(() => isAlive));
  await killed;
  engine.store.onCall = () => undefined;
  await expect(restore(engine.store)).rejects.toMatchObject({
    code: 'VALIDATION',
    field: 'database',
    message: expect.stringContaining(
      `${into} is there from a restore that has not finished: replace it, or drop it`,
    ),
  });
  await expect(restore(engine.store, 600_000)).rejects.toThrow(/may be under way: it was changed \d+ s ago/);
  await expect(backups.promote(into, `${engine.name}_former`)).rejects.toThrow('has not finished');
  const running = engine.run('SELECT sleep(2)', into);
  const count = `SELECT count() FROM system.processes WHERE current_database = '${into}'`;
  await until(async () => (await engine.run(count)) === '1\n');
  await expect(restore(engine.store, 0)).rejects.toThrow('is under way: 1 queries run in it');
  await running;
  expect(await restore(engine.store, 0)).toMatchObject({ rows });
  expect(await engine.rows(into, true)).toEqual(stored);
  await expect(restore(engine.store, 0)).rejects.toThrow(`the database ${into} exists already`);
  await backups.promote(into, `${engine.name}_former`);
});
