import { packagedMigrations } from '@quantumtrade/dal-migrations';
import { embeddedClickHouse, type TestServer } from '@quantumtrade/dal-test-servers';
import { loginOf, queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
import { hasZooKeeper, ZooKeeperProcess } from '@quantumtrade/dal-testing/replication';
import { ClickHouseClient } from '../connection/clickhouse-client.js';
import { classifyFailure, type Failure } from '../connection/classify-failure.js';
import { parseReport } from '../connection/server-errors.js';
import { loadMigrations, type Migration } from '../schema/migration-files.js';
import { openOwnBackend } from '../testing/own-backend.js';
import { REPLICATED } from './replicated-form.js';
import { replicatedStatement } from './replicated-statement.js';

const DATABASE = 'trading';
/** This engine copies nothing: its tables take no rows and no changes, which it says only about statements that it understands. */
const TAKES_NO_CHANGES = /^(?:TABLE_IS_READ_ONLY|TOO_FEW_LIVE_REPLICAS|ABORTED) /;

(hasZooKeeper() ? describe : describe.skip)('replicated tables of the current engine', () => {
  let keeper: ZooKeeperProcess;
  let servers: readonly TestServer[];
  let client: ClickHouseClient;
  let migrations: readonly Migration[];
  beforeAll(async () => {
    keeper = await ZooKeeperProcess.start();
    const start = (replica: string) =>
      embeddedClickHouse({
        configuration: `<macros><shard>1</shard><replica>${replica}</replica></macros>${keeper.configuration}`,
      });
    servers = await Promise.all(['1', '2'].map(start));
    client = new ClickHouseClient(loginOf(servers[0]!.url));
    migrations = await loadMigrations(packagedMigrations);
    await onAll(`CREATE DATABASE ${DATABASE}`, 'default');
  });
  afterAll(async () => {
    await client.close();
    for (const server of servers) await server.stop();
    await keeper.stop();
  });

  const run = ({ url }: TestServer, sql: string, database = DATABASE) =>
    queryClickHouse(loginOf(url), sql, database);

  /** Runs a statement on one server after the other, as the servers of a shard do, and returns their answers. */
  async function onAll(sql: string, database = DATABASE): Promise<string[]> {
    const answers: string[] = [];
    for (const server of servers) answers.push(await run(server, sql, database));
    return answers;
  }

  /** Runs a statement on one server. Returns its failure as the adapter classifies it; undefined when it succeeded. */
  async function failureOf(sql: string): Promise<Failure | undefined> {
    try {
      await run(servers[1]!, sql);
      return undefined;
    } catch (error) {
      return classifyFailure(parseReport((error as Error).message) ?? error);
    }
  }

  /** Runs migrations. Returns the reasons of the statements that change a table's rows or columns. */
  async function migrate(direction: 'up' | 'down', from: number, to: number): Promise<string[]> {
    const reasons: string[] = [];
    const steps = migrations.slice(from - 1, to);
    for (const migration of direction === 'up' ? steps : steps.reverse()) {
      for (const statement of migration[direction]) {
        const takenPaths = await REPLICATED.takenPaths(client.sql(DATABASE), {});
        const origin = { database: DATABASE, version: migration.version, direction, takenPaths };
        const { text, runsOn, before } = replicatedStatement(statement, origin);
        if (runsOn === 'every-server') await onAll(text);
        else
          for (const sql of [...before, text]) reasons.push((await failureOf(sql))?.reason ?? `${sql} ran`);
      }
    }
    return reasons;
  }

  it('engine accepts all migrations, also after a way down', async () => {
    const newest = migrations.length;
    for (const [direction, from, to] of [
      ['up', 1, newest],
      ['down', 10, newest],
      ['up', 10, newest],
      ['down', 1, newest],
      ['up', 1, newest],
    ] as const) {
      const reasons = await migrate(direction, from, to);
      expect(reasons.filter((reason) => !TAKES_NO_CHANGES.test(reason))).toEqual([]);
    }
    const replicas = await onAll(
      'SELECT count(), min(total_replicas), max(total_replicas) FROM system.replicas',
    );
    expect(replicas).toEqual(['7\t2\t2\n', '7\t2\t2\n']);
  });

  it('engine accepts the tables that all migrations make', async () => {
    const { sql, close } = await openOwnBackend();
    const tables = await sql.on('system').rows<{ name: string; made: string }>(
      'test',
      `SELECT name, create_table_query AS made FROM system.tables
       WHERE database = {database:String} AND name NOT LIKE 'schema_%'`,
      { database: sql.database },
    );
    await close();
    expect(tables).toHaveLength(7);
    await onAll('CREATE DATABASE made', 'default');
    for (const { made } of tables) {
      const statement = made.replace(`${sql.database}.`, '');
      const { text } = replicatedStatement(statement, { database: 'made', version: 12, direction: 'up' });
      await onAll(text, 'made');
    }
    for (const { name, made } of tables) {
      const [columns] = /\(.*\) ENGINE/.exec(made)!;
      const read = `SELECT create_table_query FROM system.tables WHERE database = 'made' AND name = '${name}' FORMAT TSVRaw`;
      for (const shown of await onAll(read)) {
        expect(shown).toContain(columns);
        expect(shown).toContain(
          `Replicated${made.split(' = ')[1]!.split('(')[0]}('/clickhouse/tables/{shard}/made/${name}/0012_up', '{replica}', `,
        );
      }
    }
  });

  const path = "'/clickhouse/tables/{shard}/trading/t/0099_up', '{replica}'";
  const columns = 'a UInt64, v UInt64';
  const create = (of: string, engine = `ReplicatedReplacingMergeTree(${path}, v)`) =>
    `CREATE TABLE t (${of}) ENGINE = ${engine} ORDER BY a`;

  it('server joins a table only with the definition of the others', async () => {
    await run(servers[0]!, create(columns));
    expect(await failureOf(create('a UInt64, v UInt32'))).toMatchObject({
      reason: expect.stringMatching(
        /^INCOMPATIBLE_COLUMNS \(122\): Table columns structure in ZooKeeper is different/,
      ),
      retryable: false,
    });
    expect(await failureOf(create(columns, `ReplicatedReplacingMergeTree(${path})`))).toMatchObject({
      reason: expect.stringMatching(/^METADATA_MISMATCH \(342\): .* differs in version column/),
      retryable: false,
    });
    expect(await failureOf(create(columns))).toBeUndefined();
    // Without SYNC the engine takes the table out of Keeper minutes later.
    expect(await failureOf('DROP TABLE t')).toBeUndefined();
    expect(await failureOf(create(columns))).toMatchObject({
      reason: expect.stringMatching(/^REPLICA_ALREADY_EXISTS \(253\): Replica .* already exists/),
      retryable: false,
    });
  });

  it('server that lost its tables joins when Keeper has forgotten it', async () => {
    await run(servers[0]!, `SYSTEM DROP REPLICA '2' FROM DATABASE ${DATABASE}`);
    expect(await failureOf(create(columns))).toBeUndefined();
  });

  it.each([
    'TRUNCATE TABLE IF EXISTS market_data',
    'OPTIMIZE TABLE market_data FINAL',
    "DELETE FROM market_data WHERE symbol = 'A'",
    "ALTER TABLE market_data DELETE WHERE symbol = 'A'",
    'ALTER TABLE market_data MODIFY SETTING non_replicated_deduplication_window = 5',
    'ALTER TABLE market_data RESET SETTING non_replicated_deduplication_window',
  ])('engine understands %s', async (statement) => {
    const origin = { database: DATABASE, version: 99, direction: 'up' } as const;
    const { text } = replicatedStatement(statement, origin);
    expect((await failureOf(text))?.reason).toMatch(TAKES_NO_CHANGES);
  });

  it('migration without Keeper fails for now, and reads go on', async () => {
    await keeper.kill();
    const { text } = replicatedStatement('CREATE TABLE u (a UInt64) ENGINE = MergeTree ORDER BY a', {
      database: DATABASE,
      version: 99,
      direction: 'up',
    });
    expect(await failureOf(text)).toMatchObject({ reason: 'KEEPER_EXCEPTION (999)', retryable: true });
    expect(await onAll('SELECT count() FROM market_data')).toEqual(['0\n', '0\n']);
  });
});
