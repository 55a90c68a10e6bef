import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newestMigration, packagedMigrations } from '@quantumtrade/dal-migrations';
import { loadMigrations } from './migration-files.js';
import { migrationsFolder } from '../testing/own-schema.js';

const TABLE = 'CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = MergeTree ORDER BY x;\n';
const DROP = 'DROP TABLE IF EXISTS a;\n';

const load = (files: Record<string, string>) => loadMigrations(migrationsFolder(files));

it('migrations are read in the order of their numbers', async () => {
  const migrations = await load({
    '0002_b.up.sql': 'ALTER TABLE a ADD COLUMN IF NOT EXISTS y String;',
    '0002_b.down.sql': 'ALTER TABLE a DROP COLUMN IF EXISTS y;',
    '0001_a.down.sql': DROP,
    '0001_a.up.sql': TABLE,
    'README.md': 'not a migration',
  });
  expect(migrations.map(({ version, name }) => `${version} ${name}`)).toEqual(['1 a', '2 b']);
  expect(migrations[1]).toMatchObject({
    up: ['ALTER TABLE a ADD COLUMN IF NOT EXISTS y String'],
    down: ['ALTER TABLE a DROP COLUMN IF EXISTS y'],
  });
});

it('statements end at semicolons that end a line', async () => {
  const [migration] = await load({
    '0001_a.up.sql': `-- One; two;\n${TABLE}\n  -- three\nALTER TABLE a COMMENT COLUMN x 'a; b';   \r\nALTER TABLE a MODIFY COMMENT 'last'`,
    '0001_a.down.sql': DROP,
  });
  expect(migration!.up).toEqual([
    TABLE.trim().slice(0, -1),
    "ALTER TABLE a COMMENT COLUMN x 'a; b'",
    "ALTER TABLE a MODIFY COMMENT 'last'",
  ]);
});

it('checksum changes with either file, not with line endings', async () => {
  const checksum = async (up: string, down: string) =>
    (await load({ '0001_a.up.sql': up, '0001_a.down.sql': down }))[0]!.checksum;
  const original = await checksum(TABLE, DROP);
  expect(original).toMatch(/^[0-9a-f]{64}$/);
  expect(await checksum(TABLE.replaceAll('\n', '\r\n'), DROP)).toBe(original);
  expect(await checksum(`${TABLE}-- more`, DROP)).not.toBe(original);
  expect(await checksum(TABLE, `${DROP}-- more`)).not.toBe(original);
});

it.each([
  [
    'a gap',
    { '0001_a.up.sql': TABLE, '0001_a.down.sql': DROP, '0003_c.up.sql': TABLE, '0003_c.down.sql': DROP },
    2,
    '0003_c.up.sql exists',
  ],
  [
    'one number twice',
    { '0001_a.up.sql': TABLE, '0001_a.down.sql': DROP, '0001_b.up.sql': TABLE },
    1,
    '0001_b.up.sql has the number of a',
  ],
  ['a missing way back', { '0001_a.up.sql': TABLE }, 1, '0001_a.down.sql is missing'],
  ['a missing way up', { '0001_a.down.sql': DROP }, 1, '0001_a.up.sql is missing'],
  [
    'a file without a statement',
    { '0001_a.up.sql': '-- nothing\n', '0001_a.down.sql': DROP },
    1,
    '0001_a.up.sql holds no statement',
  ],
  ['a misnamed file', { '1_a.sql': TABLE }, 0, '1_a.sql is not named'],
])('refuses %s', async (_, files, version, reason) => {
  await expect(load(files)).rejects.toMatchObject({
    code: 'MIGRATION',
    version,
    message: expect.stringContaining(reason),
  });
});

it.each([
  'CREATE TABLE a (x UInt8) ENGINE = Memory',
  'create materialized view v TO a AS SELECT 1',
  'DROP TABLE a',
  'DROP VIEW a SYNC',
  'RENAME TABLE a TO b',
  'EXCHANGE TABLES a AND b',
  'ALTER TABLE a ADD COLUMN y String',
  'ALTER TABLE a ADD COLUMN IF NOT EXISTS y String, ADD COLUMN z String',
  'ALTER TABLE a DROP COLUMN x',
  'ALTER TABLE a ADD INDEX i x TYPE minmax',
  'ALTER TABLE a\n  DROP PROJECTION p',
  'ALTER TABLE a RENAME COLUMN x TO y',
  'ALTER TABLE a\n  MODIFY COLUMN x REMOVE CODEC',
])('refuses a statement that is not safe to run twice: %s', async (statement) => {
  const loading = load({ '0001_a.up.sql': `${TABLE}\n${statement};\n`, '0001_a.down.sql': DROP });
  await expect(loading).rejects.toMatchObject({
    code: 'MIGRATION',
    message: expect.stringMatching(/0001_a\.up\.sql, statement 2: .*safe to run twice/),
  });
});

it.each([
  'CREATE MATERIALIZED VIEW IF NOT EXISTS v TO a AS SELECT 1',
  'DROP VIEW IF EXISTS v',
  'RENAME TABLE IF EXISTS a TO b',
  'ALTER TABLE a ADD COLUMN IF NOT EXISTS y String, DROP INDEX IF EXISTS i',
  'ALTER TABLE a MODIFY COLUMN x UInt16',
  'ALTER TABLE a MODIFY COLUMN x CODEC(Default)',
  'ALTER TABLE a DROP PARTITION 202401',
])('takes a statement that is: %s', async (statement) => {
  const [migration] = await load({ '0001_a.up.sql': `${statement};`, '0001_a.down.sql': DROP });
  expect(migration!.up).toEqual([statement]);
});

it('error names a folder that cannot be read', async () => {
  await expect(loadMigrations('/nowhere')).rejects.toMatchObject({
    code: 'MIGRATION',
    message: expect.stringContaining('/nowhere'),
  });
});

it('packaged migrations are found', async () => {
  const migrations = await loadMigrations(packagedMigrations);
  expect(migrations[0]!.name).toBe('market_data');
  expect(readFileSync(join(packagedMigrations, '0001_market_data.up.sql'), 'utf8')).toContain(
    migrations[0]!.up[0],
  );
});

it('numbers the packaged migrations without gaps up to the newest', async () => {
  const versions = (await loadMigrations(packagedMigrations)).map(({ version }) => version);
  expect(versions).toEqual(Array.from({ length: newestMigration }, (_, i) => i + 1));
});
