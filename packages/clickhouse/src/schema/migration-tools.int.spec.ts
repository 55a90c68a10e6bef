import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError } from '@quantumtrade/dal-domain';
import {
  dropOwnDatabases,
  intercepted,
  migrationsFolder,
  ownDatabase,
  writeMigrations,
} from '../testing/own-schema.js';
import type { Sql } from '../connection/sql.js';
import { ClickHouseSchemaController } from './schema-controller.js';

afterAll(dropOwnDatabases);

const TABLE = (name: string, column: string) =>
  `CREATE TABLE IF NOT EXISTS ${name} (k UInt32, day Date, ${column}, version UInt64)
   ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(day) ORDER BY (k, day);\n`;

const START = {
  '0001_prices.up.sql': TABLE('prices', 'price Float32'),
  '0001_prices.down.sql': 'DROP TABLE IF EXISTS prices;',
};
/** Makes exact prices of rounded ones, while programs of before and of after run. */
const EXPAND = {
  '0002_exact_prices.up.sql': `${TABLE('exact_prices', 'price Decimal64(8)')}
    CREATE MATERIALIZED VIEW IF NOT EXISTS prices_to_exact TO exact_prices AS
      SELECT k, day, toDecimal64(price, 8) AS price, version FROM prices;`,
  '0002_exact_prices.down.sql': 'DROP TABLE IF EXISTS prices_to_exact;\nDROP TABLE IF EXISTS exact_prices;',
};
const BACKFILL = {
  '0003_old_prices.up.sql': `INSERT INTO exact_prices SELECT k, day, toDecimal64(price, 8) AS price, version FROM prices
    WHERE _partition_id = {partition:String};`,
  '0003_old_prices.down.sql': 'TRUNCATE TABLE IF EXISTS exact_prices;',
};
const CONTRACT = {
  '0004_only_exact.up.sql': 'DROP TABLE IF EXISTS prices_to_exact;\nDROP TABLE IF EXISTS prices;',
  '0004_only_exact.down.sql': TABLE('prices', 'price Float32'),
};

const write = (sql: Sql, table: string, first: number, count: number, month = 'number % 4') =>
  sql.command(
    'test',
    `INSERT INTO ${table} SELECT number + ${first} AS k, toDate('2024-01-15') + INTERVAL ${month} MONTH AS day,
       k / 4 AS price, 1 AS version FROM numbers(${count}) SETTINGS async_insert = 0`,
  );
const countOf = async (sql: Sql, table: string) =>
  (await sql.rows<{ n: number }>('test', `SELECT toFloat64(count()) AS n FROM ${table} FINAL`))[0]!.n;

describe('a change without downtime', () => {
  it('keeps every row while old and new programs run', async () => {
    const sql = ownDatabase();
    const folder = migrationsFolder(START);
    const schema = new ClickHouseSchemaController(sql, { migrationsDirectory: folder });
    await schema.initialize();
    await write(sql, 'prices', 0, 1_000);

    let next = 1_000;
    const stopped = new AbortController();
    const program = async (table: () => string) => {
      for (; !stopped.signal.aborted; await sleep(2)) {
        const first = next;
        next += 10;
        await write(sql, table(), first, 10);
      }
    };
    const old = program(() => 'prices');
    writeMigrations(folder, EXPAND);
    await schema.migrate(2);
    const updated = program(() => 'exact_prices');
    writeMigrations(folder, BACKFILL);
    await schema.migrate(3);
    await sleep(50);
    stopped.abort();
    await Promise.all([old, updated]);
    writeMigrations(folder, CONTRACT);
    await schema.migrate(4);

    expect(next).toBeGreaterThan(1_050);
    expect(await countOf(sql, 'exact_prices')).toBe(next);
    expect(await schema.validate()).toEqual({ valid: true, version: 4, drift: [] });
  });

  it('a backfill that stopped goes on with the missing partitions', async () => {
    const sql = ownDatabase();
    const folder = migrationsFolder({ ...START, ...EXPAND });
    const copies: unknown[] = [];
    let allowed = 2;
    const watching = intercepted(sql, (query, operation, params) => {
      if (!query.startsWith('INSERT INTO exact_prices')) return;
      if (copies.length === allowed) throw new ConnectionError('gone', { operation });
      copies.push(params!['partition']);
    });
    const schema = new ClickHouseSchemaController(watching, { migrationsDirectory: folder });
    await schema.migrate(1);
    await write(sql, 'prices', 0, 400);
    writeMigrations(folder, BACKFILL);
    await expect(schema.initialize()).rejects.toMatchObject({ code: 'CONNECTION' });
    expect(await schema.status()).toMatchObject({
      version: 2,
      newest: 3,
      applied: [
        { version: 1, name: 'prices', appliedAt: expect.any(Date) },
        { version: 2, name: 'exact_prices' },
      ],
      unfinished: [
        {
          version: 3,
          direction: 'up',
          done: 0,
          statements: 1,
          backfill: { table: 'prices', partitionsDone: 2, partitions: 4 },
        },
      ],
      pending: [],
    });
    allowed = Infinity;
    await schema.initialize();
    expect(copies).toEqual(['202401', '202402', '202403', '202404']);
    expect(await countOf(sql, 'exact_prices')).toBe(400);
    expect(await schema.status()).toMatchObject({ version: 3, unfinished: [], pending: [] });
  });
});

describe('plan', () => {
  it('plan names what each statement blocks, rewrites and loses', async () => {
    const sql = ownDatabase();
    const folder = migrationsFolder({ ...START, ...EXPAND });
    const schema = new ClickHouseSchemaController(sql, { migrationsDirectory: folder });
    await schema.initialize();
    await write(sql, 'prices', 0, 1_000);
    writeMigrations(folder, {
      ...BACKFILL,
      ...CONTRACT,
      '0005_columns.up.sql': `ALTER TABLE exact_prices ADD COLUMN IF NOT EXISTS note String;
        ALTER TABLE exact_prices MODIFY COLUMN k UInt64;
        ALTER TABLE exact_prices MODIFY COLUMN version UInt64 CODEC(Delta, ZSTD);
        SELECT throwIf(count() > 0, 'never') FROM exact_prices WHERE k > 10000000;`,
      '0005_columns.down.sql': 'ALTER TABLE exact_prices DROP COLUMN IF EXISTS note;',
    });
    const { from, to, steps } = await schema.plan();
    expect([from, to]).toEqual([2, 5]);
    expect(steps.map(({ version, phase }) => [version, phase])).toEqual([
      [3, 'backfill'],
      [4, 'contract'],
      [4, 'contract'],
      [5, 'expand'],
      [5, 'backfill'],
      [5, 'expand'],
      [5, 'check'],
    ]);
    expect(steps[0]!.rewrites).toEqual({ rows: 1_000, bytes: expect.any(Number) });
    expect(steps[2]!.losses).toEqual([
      { object: 'table prices', change: 'is dropped', rows: 1_000, bytes: expect.any(Number) },
    ]);
    expect(steps[4]!.rewrites?.rows).toBe(1_000);
    expect(steps[5]!.rewrites).toBeUndefined();
    expect((await schema.preview()).losses).toEqual(
      expect.arrayContaining([expect.objectContaining({ object: 'table prices' })]),
    );
    expect(await schema.version()).toBe(2);
  });

  it('plan does not call the copy of a rebuilt table a loss', async () => {
    const sql = ownDatabase();
    await new ClickHouseSchemaController(sql).migrate(10);
    const stopping = intercepted(sql, (query, operation) => {
      if (query.startsWith('DROP TABLE IF EXISTS prediction'))
        throw new ConnectionError('gone', { operation });
    });
    await expect(new ClickHouseSchemaController(stopping).migrate(11)).rejects.toThrow();
    const schema = new ClickHouseSchemaController(sql);
    const { steps } = await schema.plan(11);
    expect(steps.map(({ statement, losses }) => [statement, losses])).toEqual([
      ['DROP TABLE IF EXISTS prediction_outcomes_before', []],
    ]);
    expect((await schema.preview(11)).losses).toEqual([]);
  });
});

describe('baseline', () => {
  it('baseline notes the versions of tables made in another way', async () => {
    const sql = ownDatabase();
    const folder = migrationsFolder({ ...START, ...EXPAND });
    const schema = new ClickHouseSchemaController(sql, { migrationsDirectory: folder });
    await expect(schema.baseline(2)).rejects.toThrow('the database has no tables');
    await sql.on('system').command('test', `CREATE DATABASE ${sql.database}`);
    await sql.command('test', START['0001_prices.up.sql'].replace(/;\s*$/, ''));
    await expect(schema.baseline(2)).rejects.toThrow('exact_prices: is missing');
    expect(await schema.version()).toBe(0);
    await schema.baseline(1);
    expect(await schema.status()).toMatchObject({ version: 1, pending: [{ version: 2 }] });
    await expect(schema.baseline(1)).rejects.toThrow('the schema has a history, up to version 1');
    await schema.initialize();
    expect(await schema.validate()).toEqual({ valid: true, version: 2, drift: [] });
  });
});

it.each([
  'INSERT INTO a SELECT x FROM b WHERE x = {partition:String};',
  'ALTER TABLE a DELETE WHERE _partition_id = {partition:String};',
])('migrate refuses %s as a backfill', async (statement) => {
  const folder = migrationsFolder({ ...START, '0002_b.up.sql': statement, '0002_b.down.sql': 'SELECT 1;' });
  const schema = new ClickHouseSchemaController(ownDatabase(), { migrationsDirectory: folder });
  await expect(schema.status()).rejects.toThrow(
    '0002_b.up.sql, statement 1: a backfill is INSERT INTO … SELECT … FROM table WHERE _partition_id = {partition:String}',
  );
});
