import { jest } from '@jest/globals';
import { until } from '@quantumtrade/dal-testing';
import { buildRow } from '@quantumtrade/dal-testing/records';
import type { ClickHouseNode } from '@quantumtrade/dal-test-servers/cluster';
import type { ClickHouseBackend } from '../backend.js';
import { promote } from '../backup/promotion.js';
import { ClickHouseClient } from '../connection/clickhouse-client.js';
import { intercepted } from '../testing/own-schema.js';
import { ThreeShards } from '../testing/three-shards.js';

/** Creating tables on three engines takes long on a machine with other work. */
jest.setTimeout(240_000);

const JANUARY = Date.UTC(2024, 0, 2);
const SYMBOLS = Array.from({ length: 30 }, (_, n) => `S${n}`);

let shards: ThreeShards;
let cluster: ThreeShards['cluster'];
let backend: ClickHouseBackend;
let database: string;
beforeAll(async () => {
  shards = await ThreeShards.start();
  ({ cluster } = shards);
  database = shards.newDatabase();
  backend = shards.connect('three', database);
  await backend.schema.initialize();
});
afterAll(() => shards.stop());

const closes = async (): Promise<string[]> => {
  const { data } = await backend.marketData.find({});
  return [...new Set(data.map(({ symbol, close }) => `${symbol}: ${close}`))].sort();
};
const insert = (close: number) =>
  backend.marketData.insert({
    source: 'test',
    records: SYMBOLS.map((symbol) => buildRow('marketData', { symbol, timestamp: JANUARY, close })),
  });
/** Names of databases on each server. */
const databasesOf = async (pattern: string) => {
  const names = await cluster.query(
    `SELECT arrayStringConcat(groupArray(name), ' ') FROM (SELECT name FROM system.databases WHERE match(name, '${pattern}') ORDER BY name)`,
  );
  return names.map((list) => list.trim());
};
/** Restores the present rows into a new database, and then stores others. */
const restored = async (): Promise<{ side: string; kept: string; expected: string[] }> => {
  await insert(1);
  const expected = await closes();
  const { target } = await shards.copy(backend, backend);
  await target.migrate();
  await target.complete();
  await insert(2);
  expect(await closes()).not.toEqual(expected);
  return { side: target.database, kept: `${target.database}_kept`, expected };
};

it('promotion that failed on a server is finished by the next call', async () => {
  const { side, kept, expected } = await restored();
  const client = new ClickHouseClient(shards.settings('three', database));
  const [first, second, third] = client.endpoints().map(({ name }) => client.sql(database).at(name));
  let changes = 0;
  const failing = intercepted(second!, (query) => {
    if (query.startsWith('EXCHANGE') && ++changes === 3) throw new Error('cut');
  });
  await expect(promote([first!, failing, third!], side, kept, {})).rejects.toThrow('cut');
  await backend.backups.promote(side, kept);
  await client.close();
  expect(await closes()).toEqual(expected);
  expect(await backend.schema.validate()).toMatchObject({ valid: true });
  expect(await databasesOf(`^${side}`)).toEqual([kept, kept, kept]);
  await backend.backups.promote(side, kept);
  expect(await closes()).toEqual(expected);
});

it('promotion into a database that no server has makes all its tables', async () => {
  const { side, kept, expected } = await restored();
  const present = backend;
  backend = shards.connect('three');
  await backend.backups.promote(side, kept);
  expect(await closes()).toEqual(expected);
  expect(await backend.schema.validate()).toMatchObject({ valid: true });
  backend = present;
});

it('promotion changes no server when one refuses or is down', async () => {
  const { side, kept } = await restored();
  const before = await closes();
  const databases = await databasesOf(`^${side}`);
  const last = cluster.nodes.at(-1)!;
  await last.query(`CREATE DATABASE ${kept}`);
  await expect(backend.backups.promote(side, kept)).rejects.toMatchObject({ field: 'keepAs' });
  await last.query(`DROP DATABASE ${kept} SYNC`);
  expect(await databasesOf(`^${side}`)).toEqual(databases);
  await last.kill();
  await expect(backend.backups.promote(side, kept)).rejects.toMatchObject({ code: 'CONNECTION' });
  await last.start();
  expect(await databasesOf(`^${side}`)).toEqual(databases);
  await until(() => backend.probe.endpoints!().every(({ state }) => state === 'healthy'));
  expect(await closes()).toEqual(before);
});

it('createTarget leaves nothing where a server has the database', async () => {
  const name = shards.newDatabase();
  for (const taken of [name, `${name}_distributed`]) {
    await cluster.nodes[1]!.query(`CREATE DATABASE ${taken}`);
    await expect(backend.backups.createTarget(name, 1)).rejects.toMatchObject({
      field: 'database',
      reason: `the database ${taken} exists already`,
    });
    expect(await databasesOf(`^${name}`)).toEqual(['', taken, '']);
    await cluster.nodes[1]!.query(`DROP DATABASE ${taken} SYNC`);
  }
});

it('createTarget keeps what other servers have beside an emptied database', async () => {
  const { side } = await restored();
  const [node] = cluster.nodes as [ClickHouseNode];
  const tables = await node.query(`SELECT name FROM system.tables WHERE database = '${side}'`);
  for (const table of tables.trim().split('\n')) await node.query(`DROP TABLE ${side}.${table} SYNC`);
  const replaced = backend.backups.createTarget(side, 7, { replaceIdleMs: 0 });
  await expect(replaced).rejects.toMatchObject({ reason: `the database ${side} exists already` });
  expect(await databasesOf(`^${side}$`)).toEqual([side, side, side]);
});

it('snapshot is refused while shards differ, and leaves no clones', async () => {
  const node = cluster.nodes[1]!;
  const insertUnfinished = `INSERT INTO schema_migrations (ordinal, version, name, checksum, direction, statement, statements)
      SELECT max(ordinal) + 1, max(version) + 1, 'next', '', 'up', 1, 2 FROM schema_migrations`;
  const name = shards.newDatabase();
  const other = shards.connect('three', name);
  await other.schema.migrate(7);
  await node.query(insertUnfinished, name);
  await expect(other.backups.snapshot()).rejects.toMatchObject({ code: 'MIGRATION', retryable: true });
  await node.query(
    'ALTER TABLE schema_migrations DELETE WHERE version >= 7 SETTINGS mutations_sync = 1',
    name,
  );
  const reason = expect.stringContaining('the shards have different versions of the schema');
  await expect(other.backups.snapshot()).rejects.toMatchObject({ code: 'MIGRATION', message: reason });
  await other.schema.migrate(7);
  await node.query('ALTER TABLE market_data ADD COLUMN more UInt8', name);
  const columns = expect.stringContaining('market_data has different columns on different shards');
  await expect(other.backups.snapshot()).rejects.toMatchObject({ code: 'MIGRATION', message: columns });
  expect(await databasesOf('^qtdal_snapshot_')).toEqual(['', '', '']);
});

it('snapshot has parts under the names that it lists alone', async () => {
  await insert(1);
  const snapshot = await backend.backups.snapshot();
  const { parts } = snapshot.tables.find(({ table }) => table === 'market_data')!;
  expect(new Set(parts.map(({ name }) => name)).size).toBe(parts.length);
  for (const { name, rows } of parts) {
    expect((await snapshot.read('market_data', name, 0, rows)).rows).toBe(rows);
    const own = name.slice(name.indexOf('/') + 1);
    await expect(snapshot.read('market_data', own, 0, rows)).rejects.toMatchObject({ field: 'part' });
  }
  await snapshot.release();
});
