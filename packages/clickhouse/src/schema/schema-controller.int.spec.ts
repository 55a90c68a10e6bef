import { readdirSync } from 'node:fs';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { packagedMigrations } from '@quantumtrade/dal-migrations';
import { ClickHouseSchemaController } from './schema-controller.js';
import {
  dropOwnDatabases,
  intercepted,
  migrationsFolder,
  ownDatabase,
  tablesOf,
  writeMigrations,
} from '../testing/own-schema.js';

afterAll(dropOwnDatabases);

const NEWEST = readdirSync(packagedMigrations).filter((file) => file.endsWith('.up.sql')).length;

const TABLES = [
  'features',
  'ingestion_checkpoints',
  'market_data',
  'prediction_outcomes',
  'predictions',
  'sentiment_data',
  'strategy_performance',
];

const TABLE_A = 'CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = MergeTree ORDER BY x;\n';
const THREE_STATEMENTS = {
  '0001_a.up.sql': `${TABLE_A}ALTER TABLE a ADD COLUMN IF NOT EXISTS y String;\nALTER TABLE a ADD COLUMN IF NOT EXISTS z String;`,
  '0001_a.down.sql': `ALTER TABLE a DROP COLUMN IF EXISTS z;\nALTER TABLE a DROP COLUMN IF EXISTS y;\nDROP TABLE IF EXISTS a;`,
};

/** Returns statements that record migrations, and fail where the pattern matches. */
function watched(failing?: { at: RegExp; error?: Error }) {
  const sql = ownDatabase();
  const seen: string[] = [];
  const state = { failing };
  const watching = intercepted(sql, (query, operation) => {
    if (operation !== 'schema.migrate' || query.startsWith('CREATE DATABASE')) return;
    seen.push(query);
    if (state.failing?.at.test(query))
      throw state.failing.error ?? new ConnectionError('gone', { operation });
  });
  return { sql, watching, seen, heal: () => (state.failing = undefined) };
}

it('initialize creates the database and all tables', async () => {
  const sql = ownDatabase();
  const schema = new ClickHouseSchemaController(sql);
  expect(await schema.version()).toBe(0);
  await schema.initialize();
  expect(await schema.version()).toBe(NEWEST);
  expect((await tablesOf(sql)).filter((name) => !name.startsWith('schema_migrations'))).toEqual(TABLES);
  expect(await schema.validate()).toEqual({ valid: true, version: NEWEST, drift: [] });
});

it('initialize runs no command when the schema is current', async () => {
  const sql = ownDatabase();
  await new ClickHouseSchemaController(sql).initialize();
  const commands: string[] = [];
  const again = new ClickHouseSchemaController(intercepted(sql, (query) => void commands.push(query)));
  await again.initialize();
  expect(commands).toEqual([]);
});

it('migrate moves up and down to any version', async () => {
  const sql = ownDatabase();
  const schema = new ClickHouseSchemaController(sql);
  await schema.migrate(3);
  expect(await schema.version()).toBe(3);
  expect(await tablesOf(sql, '%_data')).toEqual(['market_data', 'sentiment_data']);
  await schema.migrate(1);
  expect(await tablesOf(sql, '%_data')).toEqual(['market_data']);
  await schema.migrate(0);
  expect(await schema.version()).toBe(0);
  expect((await tablesOf(sql)).filter((name) => !name.startsWith('schema_migrations'))).toEqual([]);
  await schema.initialize();
  expect(await schema.validate()).toMatchObject({ valid: true, version: NEWEST });
});

it('preview lists the tables and columns that migrate drops', async () => {
  const migrationsDirectory = migrationsFolder({
    '0001_a.up.sql': `${TABLE_A}ALTER TABLE a ADD COLUMN IF NOT EXISTS y UInt64;`,
    '0001_a.down.sql': 'DROP TABLE IF EXISTS a;',
    '0002_b.up.sql': 'ALTER TABLE a ADD COLUMN IF NOT EXISTS z String;',
    '0002_b.down.sql':
      "ALTER TABLE a MODIFY COLUMN y DateTime64(3, 'UTC'), DROP COLUMN IF EXISTS z;\nDROP TABLE IF EXISTS gone;",
  });
  const sql = ownDatabase();
  const schema = new ClickHouseSchemaController(sql, { migrationsDirectory });
  expect(await schema.preview()).toEqual({ from: 0, to: 2, isNew: true, losses: [] });
  await schema.initialize();
  await sql.command('test', "INSERT INTO a VALUES (1, 2, 'three'), (2, 3, 'four')");
  expect(await schema.preview(1)).toEqual({
    from: 2,
    to: 1,
    isNew: false,
    losses: [
      {
        object: 'column a.y',
        change: "is converted to DateTime64(3, 'UTC')",
        rows: 2,
      },
      { object: 'column a.z', change: 'is dropped', rows: 2 },
    ],
  });
  const { losses } = await schema.preview(0);
  expect(losses).toEqual([{ object: 'table a', change: 'is dropped', rows: 2, bytes: expect.any(Number) }]);
  expect(losses[0]!.bytes).toBeGreaterThan(0);
  await schema.migrate(0);
  expect(await schema.preview()).toMatchObject({ from: 0, to: 2, isNew: false });
});

it('initialize does not recreate a table dropped by hand', async () => {
  const sql = ownDatabase();
  const schema = new ClickHouseSchemaController(sql);
  await schema.initialize();
  await sql.command('test', 'DROP TABLE features SYNC');
  await schema.initialize();
  expect(await tablesOf(sql, 'features')).toEqual([]);
  expect((await schema.validate()).drift).toEqual([{ object: 'table features', problem: 'is missing' }]);
});

it.each([NEWEST + 1, -1, 1.5])('migrate refuses missing version %s', async (version) => {
  await expect(new ClickHouseSchemaController(ownDatabase()).migrate(version)).rejects.toMatchObject({
    code: 'MIGRATION',
    version,
  });
});

it('migration 8 keeps every row and version up and down', async () => {
  const sql = ownDatabase();
  const schema = new ClickHouseSchemaController(sql);
  await schema.migrate(7);
  const years = [1900, 1970, 2024, 2262, 2299];
  const rows = years.map((year) => `('A', '${year}-01-01', ${year}, '${year}-12-31 23:59:59.999')`);
  await sql.command(
    'test',
    `INSERT INTO sentiment_data (symbol, timestamp, content_hash, written_at) VALUES ${rows.join(', ')}`,
  );
  const stored = () =>
    sql.rows<{ year: number; at: string }>(
      'test',
      `SELECT toUInt32(content_hash) AS year, formatDateTime(written_at, '%Y-%m-%d %T') AS at
       FROM sentiment_data FINAL ORDER BY year`,
    );
  const expected = years.map((year) => ({ year, at: `${year}-12-31 23:59:59` }));
  for (const version of [8, 7, 8]) {
    await schema.migrate(version);
    expect(await stored()).toEqual(expected);
  }
});

it('initialize resumes at the failed statement', async () => {
  const migrationsDirectory = migrationsFolder(THREE_STATEMENTS);
  const { watching, seen, heal } = watched({ at: /COLUMN IF NOT EXISTS y/ });
  const schema = new ClickHouseSchemaController(watching, { migrationsDirectory });
  await expect(schema.initialize()).rejects.toMatchObject({ code: 'CONNECTION' });
  expect(await schema.version()).toBe(0);
  expect((await schema.validate()).drift).toEqual([
    { object: 'migration 1', problem: 'stopped on its way up after statement 1 of 3' },
  ]);
  heal();
  seen.length = 0;
  await schema.initialize();
  expect(seen).toEqual([
    'ALTER TABLE a ADD COLUMN IF NOT EXISTS y String',
    'ALTER TABLE a ADD COLUMN IF NOT EXISTS z String',
  ]);
  expect(await schema.validate()).toMatchObject({ valid: true, version: 1 });
});

it('migrate down resumes at the failed statement', async () => {
  const migrationsDirectory = migrationsFolder(THREE_STATEMENTS);
  const { sql, watching, seen, heal } = watched({ at: /DROP COLUMN IF EXISTS y/ });
  const schema = new ClickHouseSchemaController(watching, { migrationsDirectory });
  await schema.initialize();
  await expect(schema.migrate(0)).rejects.toMatchObject({ code: 'CONNECTION' });
  heal();
  seen.length = 0;
  await schema.migrate(0);
  expect(seen).toEqual([
    'TRUNCATE TABLE IF EXISTS a',
    'ALTER TABLE a DROP COLUMN IF EXISTS y',
    'DROP TABLE IF EXISTS a',
  ]);
  expect(await tablesOf(sql, 'a')).toEqual([]);
});

it('initialize restarts a migration that stopped on its way down', async () => {
  const migrationsDirectory = migrationsFolder(THREE_STATEMENTS);
  const { watching, heal } = watched({ at: /DROP TABLE IF EXISTS a/ });
  const schema = new ClickHouseSchemaController(watching, { migrationsDirectory });
  await schema.initialize();
  await expect(schema.migrate(0)).rejects.toMatchObject({ code: 'CONNECTION' });
  heal();
  await schema.initialize();
  expect(await schema.validate()).toMatchObject({ valid: true, version: 1 });
});

it('initialize names the refused statement and runs the corrected file', async () => {
  const migrationsDirectory = migrationsFolder({
    '0001_a.up.sql': `${TABLE_A}ALTER TABLE a ADD COLUMN IF NOT EXISTS y Nonsense;`,
    '0001_a.down.sql': 'DROP TABLE IF EXISTS a;',
  });
  const { watching, seen } = watched();
  const schema = new ClickHouseSchemaController(watching, { migrationsDirectory });
  await expect(schema.initialize()).rejects.toMatchObject({
    code: 'MIGRATION',
    version: 1,
    message: expect.stringMatching(/0001_a\.up\.sql, statement 2: .*UNKNOWN_TYPE/),
    cause: expect.objectContaining({ code: 'QUERY' }),
  });
  writeMigrations(migrationsDirectory, {
    '0001_a.up.sql': `${TABLE_A}ALTER TABLE a ADD COLUMN IF NOT EXISTS y String;`,
  });
  seen.length = 0;
  await schema.initialize();
  expect(seen).toHaveLength(2);
  expect(await schema.validate()).toMatchObject({ valid: true, version: 1 });
});

it('initialize and validate name a file changed after it ran', async () => {
  const migrationsDirectory = migrationsFolder(THREE_STATEMENTS);
  const schema = new ClickHouseSchemaController(ownDatabase(), { migrationsDirectory });
  await schema.initialize();
  writeMigrations(migrationsDirectory, { '0001_a.up.sql': `${TABLE_A}-- changed\n` });
  await expect(schema.initialize()).rejects.toMatchObject({
    code: 'MIGRATION',
    version: 1,
    message: expect.stringContaining('changed after it was applied'),
  });
  expect((await schema.validate()).drift).toContainEqual({
    object: 'migration 1',
    problem: 'the files of a were changed after it was applied',
  });
});

it('older release leaves a newer schema unchanged', async () => {
  const sql = ownDatabase();
  const newer = {
    ...THREE_STATEMENTS,
    '0002_b.up.sql': TABLE_A.replace(' a ', ' b '),
    '0002_b.down.sql': 'DROP TABLE IF EXISTS b;',
  };
  await new ClickHouseSchemaController(sql, { migrationsDirectory: migrationsFolder(newer) }).initialize();
  const older = new ClickHouseSchemaController(sql, {
    migrationsDirectory: migrationsFolder(THREE_STATEMENTS),
  });
  await older.initialize();
  expect(await older.version()).toBe(2);
  expect(await tablesOf(sql, 'b')).toEqual(['b']);
  expect((await older.validate()).drift).toEqual([
    { object: 'migration 2', problem: 'b is applied, but its files are missing' },
  ]);
  await expect(older.migrate(1)).rejects.toMatchObject({ code: 'MIGRATION', version: 2 });
});

it('initialize rejects with the lost connection or the abort reason', async () => {
  const { watching } = watched({ at: /market_data/ });
  await expect(new ClickHouseSchemaController(watching).initialize()).rejects.toMatchObject({
    code: 'CONNECTION',
  });
  const schema = new ClickHouseSchemaController(ownDatabase());
  const reason = new Error('enough');
  await expect(schema.initialize({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
