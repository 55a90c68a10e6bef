import { bars, MONTH_MS } from '@quantumtrade/dal-testing/records';
import { connectClickHouse } from '../backend.js';
import type { ClickHouseSettings } from '../settings.js';
import type { OwnBackend } from '../testing/own-backend.js';
import { openWithSideDatabases } from '../testing/side-databases.js';

const NAME = /^qtdal_(snapshot|drill)_/;

let own: OwnBackend;
let written = 0;
beforeEach(async () => {
  own = await openWithSideDatabases();
  await insert('A', 'B', 'C');
});
afterEach(() => own.close());

const insert = (...symbols: string[]) =>
  own.backend.marketData.insert(bars(symbols, () => Date.UTC(2024, 0, 2) + written++));
const run = (query: string) => own.sql.command('test', query);
const snapshot = () => own.backend.backups.snapshot();
const content = async () => {
  const taken = await snapshot();
  const found = await taken.content('market_data');
  await taken.release();
  return found;
};

/** Databases of snapshots on the server. */
async function clones(): Promise<string[]> {
  const found = await own.sql
    .on('system')
    .rows<{ name: string }>('test', 'SELECT name FROM system.databases ORDER BY name');
  return found.map(({ name }) => name).filter((name) => NAME.test(name));
}

it('snapshot keeps its parts through merges, mutations and drops', async () => {
  await insert('D');
  const taken = await snapshot();
  const before = await taken.content('market_data');
  await run('OPTIMIZE TABLE market_data FINAL');
  await run("ALTER TABLE market_data DELETE WHERE symbol = 'A' SETTINGS mutations_sync = 1");
  await run('TRUNCATE TABLE market_data');
  expect(await taken.content('market_data')).toEqual(before);
  const [table] = taken.tables.filter((each) => each.table === 'market_data');
  expect(table!.parts.map(({ rows }) => rows)).toEqual([3, 1]);
  for (const { name, rows } of table!.parts) {
    expect((await taken.read('market_data', name, 0, rows)).rows).toBe(rows);
  }
  await taken.release();
});

it('parts of a snapshot cannot be merged', async () => {
  const before = new Set(await clones());
  await insert('D');
  const taken = await snapshot();
  const [clone] = (await clones()).filter((name) => !before.has(name));
  await expect(run(`OPTIMIZE TABLE ${clone}.market_data FINAL`)).rejects.toMatchObject({ code: 'QUERY' });
  expect(await taken.content('market_data')).toMatchObject([{ rows: 4 }]);
  await taken.release();
});

it('equal parts have equal hashes in later snapshots', async () => {
  const partsOf = async () => {
    const taken = await snapshot();
    await taken.release();
    return taken.tables.flatMap(({ parts }) => parts.map(({ hash }) => hash));
  };
  const first = await partsOf();
  await insert('Z');
  expect((await partsOf()).slice(0, 1)).toEqual(first);
});

it('parts of one size with other rows have other hashes', async () => {
  for (const close of [1, 2]) {
    await run(
      `INSERT INTO market_data SELECT * REPLACE (${close} AS close) FROM market_data WHERE symbol = 'A' LIMIT 1`,
    );
  }
  const taken = await snapshot();
  await taken.release();
  const parts = taken.tables.flatMap((table) => table.parts).filter(({ rows }) => rows === 1);
  expect(parts).toHaveLength(2);
  expect(new Set(parts.map(({ hash }) => hash)).size).toBe(2);
});

it('rows hidden by a lightweight deletion are left out', async () => {
  await run("DELETE FROM market_data WHERE symbol = 'B'");
  const taken = await snapshot();
  expect(await taken.content('market_data')).toMatchObject([{ rows: 2 }]);
  const [part] = taken.tables.find(({ table }) => table === 'market_data')!.parts;
  expect((await taken.read('market_data', part!.name, 0, 3)).rows).toBe(2);
  await taken.release();
});

it('released snapshot leaves no database and refuses reads', async () => {
  const before = await clones();
  const taken = await snapshot();
  expect((await clones()).length).toBe(before.length + 1);
  await taken.release();
  await taken.release();
  expect(await clones()).toEqual(before);
  await expect(taken.content('market_data')).rejects.toMatchObject({ code: 'VALIDATION', field: 'snapshot' });
});

it('abandoned snapshots and drills are dropped after a day, younger ones stay', async () => {
  const now = Math.floor(Date.now() / 1_000);
  const names = ['qtdal_snapshot', 'qtdal_drill'].flatMap((prefix) =>
    [now - 90_000, now - 80_000].map((at) => `${prefix}_${at}_0123456789ab`),
  );
  for (const name of names) await run(`CREATE DATABASE ${name}`);
  await (await snapshot()).release();
  const left = (await clones()).filter((name) => names.includes(name));
  for (const name of names) await run(`DROP DATABASE IF EXISTS ${name} SYNC`);
  expect(left).toEqual(names.filter((name) => name.includes(`${now - 80_000}`)).sort());
});

it('snapshot is refused while a migration is unfinished and without a schema', async () => {
  const before = await clones();
  await run(`INSERT INTO schema_migrations (ordinal, version, name, checksum, direction, statement, statements)
    SELECT max(ordinal) + 1, max(version) + 1, 'next', '', 'up', 1, 2 FROM schema_migrations`);
  await expect(snapshot()).rejects.toMatchObject({ code: 'MIGRATION', retryable: true });
  await run('TRUNCATE TABLE schema_migrations');
  await expect(snapshot()).rejects.toMatchObject({ code: 'MIGRATION', retryable: false });
  expect(await clones()).toEqual(before);
});

it('snapshot names a table that is missing or keeps no rows', async () => {
  const before = await clones();
  await run('DROP TABLE sentiment_data SYNC');
  await expect(snapshot()).rejects.toThrow('sentiment_data is missing');
  await run('CREATE VIEW sentiment_data AS SELECT 1 AS x');
  await expect(snapshot()).rejects.toThrow('sentiment_data keeps no rows on this server');
  expect(await clones()).toEqual(before);
});

it('several shards are refused, and several servers for a restore', async () => {
  const { url, ...login } = own.settings;
  const open = (shards: readonly string[], more: Partial<ClickHouseSettings> = {}) => {
    const endpoints = shards.map((shard, n) => ({ url: n === 0 ? url : 'http://127.0.0.1:9', shard }));
    return connectClickHouse({ ...login, ...more, endpoints });
  };
  const cluster = { name: 'bars', copies: 'replicated', layout: [{ shards: 2 }] } as const;
  const [sharded, copies, replicated] = [
    open(['1', '2']),
    open(['1', '1']),
    open(['1', '2'], { cluster }),
  ] as const;
  const refusal = { code: 'VALIDATION', field: 'endpoints' };
  for (const { backups } of [sharded, replicated])
    await expect(backups.snapshot()).rejects.toMatchObject(refusal);
  for (const { backups } of [sharded, copies, replicated]) {
    await expect(backups.createTarget('side', 1)).rejects.toMatchObject(refusal);
    await expect(backups.promote('side', 'former')).rejects.toMatchObject(refusal);
  }
  await Promise.all([sharded, copies, replicated].map(({ probe }) => probe.close()));
});

it('rows of later months are in the snapshot when acknowledged before', async () => {
  const months = Array.from({ length: 12 }, (_, n) => n);
  await Promise.all(
    months.map((n) =>
      own.backend.marketData.insert(bars([`M${n}`], () => Date.UTC(2024, 0, 2) + n * MONTH_MS)),
    ),
  );
  expect((await content()).reduce((sum, { rows }) => sum + rows, 0)).toBe(15);
});
