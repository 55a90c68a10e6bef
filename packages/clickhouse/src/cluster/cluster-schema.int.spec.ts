import { ClickHouseCluster } from '@quantumtrade/dal-test-servers/cluster';
import type { ClickHouseNode } from '@quantumtrade/dal-test-servers/cluster';
import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { connectClickHouse, type ClickHouseBackendOptions } from '../backend.js';
import type { ClickHouseSettings } from '../settings.js';
import { migrationsFolder, writeMigrations } from '../testing/own-schema.js';

const NOTES =
  'CREATE TABLE IF NOT EXISTS notes (symbol String, note String) ENGINE = MergeTree ORDER BY symbol;\n';
const MIGRATIONS = {
  '0001_bars.up.sql': `
CREATE TABLE IF NOT EXISTS bars (symbol String, at DateTime64(3, 'UTC'), volume UInt64 CODEC(ZSTD(1)), written_at DateTime64(3, 'UTC'))
ENGINE = ReplacingMergeTree(written_at) ORDER BY (symbol, at);`,
  '0001_bars.down.sql': 'DROP TABLE IF EXISTS bars;',
  '0002_notes.up.sql': `${NOTES}
ALTER TABLE bars ADD COLUMN IF NOT EXISTS close Decimal64(8);`,
  '0002_notes.down.sql': `
SELECT throwIf(count() > 0, 'notes has rows') FROM notes;
ALTER TABLE bars DROP COLUMN IF EXISTS close;
DROP TABLE IF EXISTS notes;`,
};

let cluster: ClickHouseCluster;
let first: ClickHouseNode;
let second: ClickHouseNode;
const opened: TimeSeriesBackend[] = [];
let databases = 0;

beforeAll(async () => {
  cluster = await ClickHouseCluster.start({ shards: 2, copies: 1 });
  [first, second] = cluster.nodes as [ClickHouseNode, ClickHouseNode];
});
afterAll(async () => {
  await Promise.all(opened.map((backend) => backend.probe.close()));
  await cluster.stop();
});

/** Opens a database that does not exist yet, with migrations of its own unless options are given. */
function open(
  more: Partial<NonNullable<ClickHouseSettings['cluster']>> = {},
  options: ClickHouseBackendOptions = { migrationsDirectory: migrationsFolder(MIGRATIONS) },
  { shards = ['1', '2'], database = `d${++databases}` } = {},
) {
  const settings: ClickHouseSettings = {
    endpoints: cluster.nodes.map(({ url }, index) => ({ url, shard: shards[index] })),
    username: first.username,
    password: first.password,
    database,
    retry: { maxAttempts: 1 },
    failover: { probeIntervalMs: 40, probeTimeoutMs: 400 },
    cluster: { name: cluster.name, copies: 'written', layout: [{ shards: 2 }], ...more },
  };
  const backend = connectClickHouse(settings, options);
  opened.push(backend);
  return { database, schema: backend.schema, backend };
}

const nameOf = ({ url }: ClickHouseNode) => new URL(url).host;
const tables = (database: string, node: ClickHouseNode) =>
  node.query(
    `SELECT name, engine FROM system.tables WHERE database = '${database}' AND name NOT LIKE 'schema_%' ORDER BY name FORMAT CSV`,
  );

it('initialize makes all servers the same, with tables that read all shards', async () => {
  const { schema, database } = open();
  expect(await schema.preview()).toEqual({ from: 0, to: 2, isNew: true, losses: [] });
  await schema.initialize();
  for (const node of cluster.nodes) {
    expect(await tables(database, node)).toBe('"bars","ReplacingMergeTree"\n"notes","MergeTree"\n');
    expect(await tables(`${database}_distributed`, node)).toBe(
      '"bars","Distributed"\n"notes","Distributed"\n',
    );
    await node.query(`INSERT INTO ${database}.notes VALUES ('S${node.shard}', '')`);
  }
  const read = `SELECT groupArray(symbol) FROM (SELECT symbol FROM ${database}_distributed.notes ORDER BY symbol)`;
  expect(await cluster.query(read)).toEqual([`['S1','S2']\n`, `['S1','S2']\n`]);
  expect(await schema.validate()).toEqual({ valid: true, version: 2, drift: [] });
  expect(await schema.version()).toBe(2);
});

it('initialize changes nothing when all servers are current', async () => {
  const { schema, database } = open();
  await schema.initialize();
  const state = `SELECT groupArray((name, metadata_modification_time, comment)) FROM system.tables WHERE startsWith(database, '${database}')`;
  const before = await cluster.query(state);
  await schema.initialize();
  expect(await cluster.query(state)).toEqual(before);
});

it('concurrent initialize of several processes migrates once', async () => {
  const { schema, database } = open();
  await Promise.all([schema.initialize(), schema.initialize(), schema.initialize()]);
  const statements = `SELECT count() FROM ${database}.schema_migrations`;
  expect(await cluster.query(statements)).toEqual(['3\n', '3\n']);
  expect(await schema.validate()).toMatchObject({ valid: true });
});

it('nothing is changed while a server cannot be reached', async () => {
  const { schema, database } = open();
  await second.kill();
  try {
    const refusal = expect.stringMatching(new RegExp(`version 2 - ${nameOf(second)} cannot be reached`));
    await expect(schema.initialize()).rejects.toMatchObject({ code: 'MIGRATION', message: refusal });
    await expect(schema.initialize()).rejects.toThrow('Nothing was changed');
    expect(
      await first.query(`SELECT count() FROM system.databases WHERE startsWith(name, '${database}')`),
    ).toBe('0\n');
    expect(await schema.preview()).toMatchObject({
      isNew: false,
      refusal: expect.stringContaining(nameOf(second)),
    });
    expect((await schema.validate()).drift).toContainEqual({
      object: nameOf(second),
      problem: expect.stringContaining('cannot be reached'),
    });
    expect((await schema.status()).servers).toEqual([
      { name: nameOf(first), shard: '1', version: 0 },
      { name: nameOf(second), shard: '2', error: expect.any(String) },
    ]);
    await expect(schema.plan()).rejects.toMatchObject({ code: 'CONNECTION' });
  } finally {
    await second.start();
  }
});

it('each server goes on where it stopped', async () => {
  const { schema, database } = open();
  await schema.migrate(1);
  await second.query(`RENAME TABLE ${database}.bars TO ${database}.hidden`);
  const where = `${nameOf(second)}, 0002_notes.up.sql, statement 2: `;
  await expect(schema.initialize()).rejects.toMatchObject({
    code: 'MIGRATION',
    message: expect.stringContaining(where),
  });
  const stopped = { version: 2, name: 'notes', direction: 'up', done: 1, statements: 2 };
  expect(await schema.status()).toMatchObject({
    version: 1,
    applied: [{ version: 1 }],
    unfinished: [{ ...stopped, server: nameOf(second) }],
    pending: [],
    servers: [{ version: 2 }, { version: 1 }],
  });
  expect((await schema.plan()).steps.map(({ statement }) => statement)).toEqual([
    'ALTER TABLE bars ADD COLUMN IF NOT EXISTS close Decimal64(8)',
  ]);
  expect((await schema.validate()).drift).toContainEqual({
    object: `${nameOf(second)}: migration 2`,
    problem: 'stopped on its way up after statement 1 of 2',
  });
  await second.query(`RENAME TABLE ${database}.hidden TO ${database}.bars`);
  await schema.initialize();
  expect(await schema.validate()).toEqual({ valid: true, version: 2, drift: [] });
  expect(await cluster.query(`SELECT count() FROM ${database}.schema_migrations`)).toEqual(['3\n', '3\n']);
});

it('validate names the server and the column that was dropped there', async () => {
  const { schema, database } = open();
  await schema.initialize();
  await second.query(`ALTER TABLE ${database}.bars DROP COLUMN volume`);
  expect((await schema.validate()).drift).toEqual([
    { object: `${nameOf(second)}: column bars.volume`, problem: 'is missing' },
    {
      object: `${nameOf(second)}: table ${database}_distributed.bars`,
      problem: `differs from ${database}.bars`,
    },
  ]);
});

it('rows of one server stand in the way of all', async () => {
  const { schema, database } = open();
  await schema.initialize();
  await second.query(`INSERT INTO ${database}.notes VALUES ('S', '')`);
  const refusal = `${nameOf(second)}: notes has rows`;
  expect(await schema.preview(1)).toMatchObject({
    refusal,
    losses: [{ object: 'table notes', rows: 1 }],
  });
  await expect(schema.migrate(1)).rejects.toMatchObject({
    code: 'MIGRATION',
    message: expect.stringContaining(`${refusal}. Nothing was changed`),
  });
  expect((await schema.status()).servers).toMatchObject([{ version: 2 }, { version: 2 }]);
});

it('tables of all shards follow a migration while they are read', async () => {
  const migrationsDirectory = migrationsFolder(MIGRATIONS);
  const { schema, database } = open({}, { migrationsDirectory });
  await schema.migrate(1);
  await cluster.query(`INSERT INTO ${database}.bars SELECT toString(number), 0, 1, 0 FROM numbers(10)`);
  let isMoving = true;
  let reads = 0;
  const read = async () => {
    for (; isMoving; reads++)
      expect(await first.query(`SELECT sum(volume) FROM ${database}_distributed.bars`)).toBe('20\n');
  };
  const reading = read();
  const columns = `SELECT groupArray(name) FROM system.columns WHERE database = '${database}_distributed' AND table = 'bars'`;
  try {
    for (const version of [2, 1, 2]) await schema.migrate(version);
    writeMigrations(migrationsDirectory, {
      '0003_trades.up.sql':
        'ALTER TABLE bars ADD COLUMN IF NOT EXISTS trades UInt64 AFTER at;\nDROP TABLE IF EXISTS notes;',
      '0003_trades.down.sql': `${NOTES}ALTER TABLE bars DROP COLUMN IF EXISTS trades;`,
    });
    await schema.initialize();
  } finally {
    isMoving = false;
    await reading;
  }
  expect(reads).toBeGreaterThan(0);
  const expected = "['symbol','at','trades','volume','written_at','close']\n";
  expect(await cluster.query(columns)).toEqual([expected, expected]);
  expect(await tables(`${database}_distributed`, second)).toBe('"bars","Distributed"\n');
  await schema.migrate(0);
  expect(await tables(`${database}_distributed`, second)).toBe('');
});

it('baseline takes over tables that all servers have', async () => {
  const { schema, database } = open();
  await schema.migrate(1);
  await cluster.query(`DROP DATABASE ${database}_distributed SYNC`);
  await cluster.query(`DROP TABLE ${database}.schema_migrations SYNC`);
  await second.query(`ALTER TABLE ${database}.bars ADD COLUMN extra String`);
  await expect(schema.baseline(1)).rejects.toThrow(`${nameOf(second)}: column bars.extra: is not expected`);
  await second.query(`ALTER TABLE ${database}.bars DROP COLUMN extra`);
  await schema.baseline(1);
  await schema.initialize();
  expect(await schema.validate()).toEqual({ valid: true, version: 2, drift: [] });
});

it('a cluster that the servers do not have is named', async () => {
  const { schema } = open({ name: 'absent' });
  const problem = 'the cluster absent is not in its remote_servers';
  await expect(schema.initialize()).rejects.toMatchObject({
    code: 'MIGRATION',
    message: expect.stringContaining(`${nameOf(first)}: ${problem}. Nothing was changed`),
  });
  expect((await schema.validate()).drift.slice(0, 2)).toEqual(
    [first, second].map((node) => ({ object: nameOf(node), problem })),
  );
});

describe('the packaged migrations', () => {
  const retention = { marketData: { deleteAfterDays: 10 } };
  let backend: TimeSeriesBackend;
  let database: string;
  beforeAll(async () => {
    ({ backend, database } = open({}, { retention }));
    await backend.schema.initialize();
  });

  it('guarantees are those that a table gives on every server', async () => {
    const missing = async () => (await backend.guarantees.inspect())[0]!.missing;
    const synced = { guarantee: 'synced', reason: 'fsync_after_insert and fsync_part_directory are off' };
    const replicated = { guarantee: 'replicated', reason: 'shard 1 has one copy' };
    expect(await missing()).toEqual([synced, replicated]);
    const set = 'MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1';
    await first.query(`ALTER TABLE ${database}.market_data ${set}`);
    const reason = `${synced.reason} on ${nameOf(second)}`;
    expect(await missing()).toEqual([{ ...synced, reason }, replicated]);
    const oneShard = open({ layout: [{ shards: 1 }] }, {}, { shards: ['1', '1'], database }).backend;
    expect((await oneShard.guarantees.inspect())[0]!.keeps).toContain('replicated');
    await second.query(`DROP TABLE ${database}.features SYNC`);
    const features = (await backend.guarantees.inspect()).find(({ table }) => table === 'features');
    expect(features).toMatchObject({ exists: false, keeps: [] });
  });

  it('retention is applied on every server, with the rows of all shards', async () => {
    const insert = (node: ClickHouseNode, rows: number) =>
      node.query(
        `INSERT INTO ${database}.market_data (symbol, timestamp) SELECT toString(number), '2020-01-01' FROM numbers(${rows})`,
      );
    await insert(first, 2);
    await insert(second, 3);
    const [bars] = await backend.storage.plan();
    expect(bars).toMatchObject({ applied: null, expired: [{ partition: '202001', rows: 5 }] });
    await expect(backend.storage.apply()).rejects.toThrow('deletes 5 rows of market_data');
    await first.query(
      `ALTER TABLE ${database}.market_data ${bars!.statement!.replace(/^ALTER TABLE \w+ /, '')}`,
    );
    expect((await backend.storage.plan())[0]).toMatchObject({ applied: null, statement: bars!.statement });
    await backend.storage.apply({ deleteRows: true });
    expect((await backend.storage.plan())[0]).toMatchObject({ statement: null, applied: bars!.configured });
    expect((await backend.storage.usage()).map(({ name }) => name)).toEqual(cluster.nodes.map(nameOf));
  });
});
