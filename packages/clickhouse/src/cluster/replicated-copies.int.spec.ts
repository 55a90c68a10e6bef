import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { embeddedClickHouse, type TestServer } from '@quantumtrade/dal-test-servers';
import { freePort } from '@quantumtrade/dal-testing';
import { loginOf, queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
import { hasZooKeeper, ZooKeeperProcess } from '@quantumtrade/dal-testing/replication';
import { connectClickHouse } from '../backend.js';
import { migrationsFolder } from '../testing/own-schema.js';

const PASSWORD = 'copies';
const DATABASE = 'trading';
const TABLE = (name: string) => `
CREATE TABLE IF NOT EXISTS ${name} (symbol String, volume UInt64 CODEC(ZSTD(1)), written_at DateTime64(3, 'UTC'))
ENGINE = ReplacingMergeTree(written_at) ORDER BY symbol
SETTINGS non_replicated_deduplication_window = 100;`;
/** This engine copies nothing, so that its replicated tables take no ALTER. */
const MIGRATIONS = {
  '0001_bars.up.sql': `${TABLE('bars')}\nCREATE TABLE IF NOT EXISTS notes (note String) ENGINE = MergeTree ORDER BY note;`,
  '0001_bars.down.sql': 'DROP TABLE IF EXISTS notes;\nDROP TABLE IF EXISTS bars;',
  '0002_renamed.up.sql': `RENAME TABLE IF EXISTS bars TO bars_before;${TABLE('bars')}\nDROP TABLE IF EXISTS bars_before;`,
  '0002_renamed.down.sql': 'SELECT 1;',
};

const nameOf = ({ url }: TestServer) => new URL(url).host;

(hasZooKeeper() ? describe : describe.skip)('copies of a shard that Keeper keeps alike', () => {
  let keeper: ZooKeeperProcess;
  const servers: TestServer[] = [];
  const ports: number[] = [];
  const opened: TimeSeriesBackend[] = [];
  const migrationsDirectory = migrationsFolder(MIGRATIONS);

  const start = async (replica: string) => {
    const nodes = ports.map((port) => `<replica><host>127.0.0.1</host><port>${port}</port></replica>`);
    servers.push(
      await embeddedClickHouse({
        password: PASSWORD,
        tcpPort: ports[servers.length]!,
        configuration:
          `<macros><shard>1</shard><replica>${replica}</replica></macros>${keeper.configuration}` +
          `<remote_servers><bars><shard>${nodes.join('')}</shard></bars></remote_servers>`,
      }),
    );
  };
  beforeAll(async () => {
    keeper = await ZooKeeperProcess.start();
    for (let index = 0; index < 3; index++) ports.push(await freePort());
    await start('a');
    await start('b');
  });
  afterAll(async () => {
    await Promise.all(opened.map((backend) => backend.probe.close()));
    for (const server of servers) await server.stop();
    await keeper.stop();
  });

  /** Opens the schema of the servers that run. */
  const openSchema = () => {
    const endpoints = servers.map(({ url }) => ({ url: loginOf(url).url }));
    const { username } = loginOf(servers[0]!.url);
    const backend = connectClickHouse(
      {
        ...{ endpoints, username, password: PASSWORD, database: DATABASE },
        cluster: { name: 'bars', layout: [{ shards: 1 }] },
      },
      { migrationsDirectory },
    );
    opened.push(backend);
    return backend.schema;
  };
  const on = (index: number, sql: string) => queryClickHouse(loginOf(servers[index]!.url), sql, DATABASE);

  it('tables of all copies are replicated, and valid', async () => {
    const schema = openSchema();
    await schema.initialize();
    expect(await schema.validate()).toEqual({ valid: true, version: 2, drift: [] });
    for (const index of [0, 1])
      expect(await on(index, 'SELECT table, total_replicas FROM system.replicas ORDER BY table')).toBe(
        'bars\t2\nnotes\t2\n',
      );
  });

  it('a copy that is added takes the tables of another one', async () => {
    // No migration makes this table: a copy that ran them all would have another one.
    const engine = "ReplicatedMergeTree('/clickhouse/tables/{shard}/by_hand', '{replica}')";
    for (const index of [0, 1]) {
      await on(index, 'RENAME TABLE notes TO notes_before');
      await on(index, `CREATE TABLE notes (note String, more String) ENGINE = ${engine} ORDER BY note`);
    }
    await start('c');
    const schema = openSchema();
    await schema.initialize();
    const more = servers.map((server) => `${nameOf(server)}: column notes.more`);
    expect((await schema.validate()).drift.map(({ object }) => object)).toEqual(more);
    expect(await on(2, 'SELECT table, total_replicas FROM system.replicas ORDER BY table')).toBe(
      'bars\t3\nnotes\t3\nnotes_before\t3\n',
    );
    const history = 'SELECT * EXCEPT applied_at FROM schema_migrations ORDER BY ordinal';
    expect(await on(2, history)).toBe(await on(0, history));
    expect(await on(2, 'SELECT count() FROM schema_migrations')).toBe('5\n');
  });

  it('a table that is not replicated is named', async () => {
    await on(1, 'DROP TABLE notes SYNC');
    await on(1, 'CREATE TABLE notes (note String) ENGINE = MergeTree ORDER BY note');
    expect((await openSchema().validate()).drift).toContainEqual({
      object: `${nameOf(servers[1]!)}: table notes`,
      problem: 'engine is MergeTree, expected ReplicatedMergeTree',
    });
  });

  it('a table with a path of its own is named', async () => {
    await on(1, 'DROP TABLE notes SYNC');
    const path = '/clickhouse/tables/1/notes';
    await on(
      1,
      `CREATE TABLE notes (note String) ENGINE = ReplicatedMergeTree('${path}', 'b') ORDER BY note`,
    );
    expect((await openSchema().validate()).drift).toContainEqual({
      object: `${nameOf(servers[1]!)}: table notes`,
      problem: `path in Keeper is ${path}, that of ${nameOf(servers[0]!)} is /clickhouse/tables/{shard}/by_hand`,
    });
  });
});
