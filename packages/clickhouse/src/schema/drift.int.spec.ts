import { randomBytes } from 'node:crypto';
import type { Sql } from '../connection/sql.js';
import { ClickHouseSchemaController } from './schema-controller.js';
import { dropOwnDatabases, intercepted, migrationsFolder, ownDatabase } from '../testing/own-schema.js';

afterAll(dropOwnDatabases);

const MIGRATIONS = {
  '0001_bars.up.sql': `
CREATE TABLE IF NOT EXISTS bars (
    symbol LowCardinality(String),
    at DateTime64(3, 'UTC'),
    close Decimal64(8),
    volume UInt64 DEFAULT 7 CODEC(ZSTD(1)),
    written_at DateTime64(3, 'UTC'),
    INDEX by_close close TYPE minmax GRANULARITY 1,
    PROJECTION by_volume (SELECT symbol, volume ORDER BY volume)
) ENGINE = ReplacingMergeTree(written_at)
PARTITION BY toYYYYMM(at)
ORDER BY (symbol, at)
SETTINGS deduplicate_merge_projection_mode = 'rebuild', non_replicated_deduplication_window = 100;
`,
  '0001_bars.down.sql': 'DROP TABLE IF EXISTS bars;',
};
const migrationsDirectory = migrationsFolder(MIGRATIONS);

/** Returns the drift after these statements. */
async function driftAfter(...statements: string[]) {
  const sql = ownDatabase();
  const schema = new ClickHouseSchemaController(sql, { migrationsDirectory });
  await schema.initialize();
  for (const statement of statements) await sql.command('test', statement);
  const { valid, drift } = await schema.validate();
  expect(valid).toBe(drift.length === 0);
  return drift.map(({ object, problem }) => `${object}: ${problem}`);
}

/** Returns statements that recreate a table with one difference. */
const remade = (from: string, to: string) => {
  const statement = MIGRATIONS['0001_bars.up.sql'].replace(from, to).trim().slice(0, -1);
  expect(statement).not.toBe(MIGRATIONS['0001_bars.up.sql'].trim().slice(0, -1));
  return ['DROP TABLE bars SYNC', statement];
};

it('validate ignores tables that no migration creates', async () => {
  expect(await driftAfter('CREATE TABLE notes (x String) ENGINE = Memory')).toEqual([]);
});

it.each<[string, string[], string[]]>([
  ['a dropped table', ['DROP TABLE bars'], ['table bars: is missing']],
  [
    'a missing column',
    ['ALTER TABLE bars DROP PROJECTION by_volume', 'ALTER TABLE bars DROP COLUMN volume'],
    ['column bars.volume: is missing', 'projection bars.by_volume: is missing'],
  ],
  ['an extra column', ['ALTER TABLE bars ADD COLUMN note String'], ['column bars.note: is not expected']],
  [
    'another type',
    remade('close Decimal64(8)', 'close Float64'),
    ['column bars.close: type is Float64, expected Decimal(18, 8)'],
  ],
  [
    'another default',
    ['ALTER TABLE bars MODIFY COLUMN volume DEFAULT 8'],
    ['column bars.volume: default is DEFAULT 8, expected DEFAULT 7'],
  ],
  [
    'no default',
    ['ALTER TABLE bars MODIFY COLUMN volume REMOVE DEFAULT'],
    ['column bars.volume: default is none, expected DEFAULT 7'],
  ],
  [
    'another codec',
    ['ALTER TABLE bars MODIFY COLUMN volume CODEC(LZ4)'],
    ['column bars.volume: codec is CODEC(LZ4), expected CODEC(ZSTD(1))'],
  ],
  [
    'a removed codec',
    ['ALTER TABLE bars MODIFY COLUMN volume REMOVE CODEC'],
    ['column bars.volume: codec is none, expected CODEC(ZSTD(1))'],
  ],
  [
    'nothing where the default codec is written out',
    ['ALTER TABLE bars MODIFY COLUMN close CODEC(Default)'],
    [],
  ],
  [
    'columns in another order',
    ['ALTER TABLE bars MODIFY COLUMN volume UInt64 AFTER at'],
    [
      'table bars: order of columns is symbol, at, volume, close, written_at, expected symbol, at, close, volume, written_at',
    ],
  ],
  ['a dropped index', ['ALTER TABLE bars DROP INDEX by_close'], ['index bars.by_close: is missing']],
  [
    'another index',
    remade('close TYPE minmax GRANULARITY 1', 'close TYPE set(10) GRANULARITY 2'),
    [
      'index bars.by_close: type is set(10), expected minmax',
      'index bars.by_close: granularity is 2, expected 1',
    ],
  ],
  [
    'an extra index',
    ['ALTER TABLE bars ADD INDEX by_at at TYPE minmax'],
    ['index bars.by_at: is not expected'],
  ],
  [
    'a dropped projection',
    ['ALTER TABLE bars DROP PROJECTION by_volume'],
    ['projection bars.by_volume: is missing'],
  ],
  [
    'another engine',
    remade('ReplacingMergeTree(written_at)', 'MergeTree'),
    ['table bars: engine is MergeTree, expected ReplacingMergeTree(written_at)'],
  ],
  [
    'another version column',
    remade('ReplacingMergeTree(written_at)', 'ReplacingMergeTree(volume)'),
    ['table bars: engine is ReplacingMergeTree(volume), expected ReplacingMergeTree(written_at)'],
  ],
  [
    'another partition key',
    remade('toYYYYMM(at)', '(toYYYYMM(at), symbol)'),
    ['table bars: PARTITION BY is (toYYYYMM(at), symbol), expected toYYYYMM(at)'],
  ],
  [
    'another sorting key',
    remade('ORDER BY (symbol, at)', 'ORDER BY (symbol, at, close)'),
    ['table bars: ORDER BY is (symbol, at, close), expected (symbol, at)'],
  ],
  [
    'another primary key',
    remade('ORDER BY (symbol, at)', 'PRIMARY KEY symbol ORDER BY (symbol, at)'),
    ['table bars: PRIMARY KEY is symbol, expected none'],
  ],
  [
    'a table that forgets',
    ['ALTER TABLE bars MODIFY TTL toDateTime(at) + INTERVAL 1 DAY'],
    ['table bars: TTL is toDateTime(at) + toIntervalDay(1), expected none'],
  ],
  [
    'another setting',
    ['ALTER TABLE bars MODIFY SETTING non_replicated_deduplication_window = 5'],
    [
      "table bars: SETTINGS is deduplicate_merge_projection_mode = 'rebuild', non_replicated_deduplication_window = 5, index_granularity = 8192, expected deduplicate_merge_projection_mode = 'rebuild', non_replicated_deduplication_window = 100, index_granularity = 8192",
    ],
  ],
])('validate names %s', async (_, statements, expected) => {
  expect(await driftAfter(...statements)).toEqual(expected);
});

it('validate names every migration that is not applied', async () => {
  const schema = new ClickHouseSchemaController(ownDatabase(), { migrationsDirectory });
  expect(await schema.validate()).toEqual({
    valid: false,
    version: 0,
    drift: [{ object: 'migration 1', problem: 'bars is not applied' }],
  });
});

/** Returns statements, and the scratch databases that they create. */
function recordingScratch(sql: Sql, failIn?: RegExp) {
  const made: string[] = [];
  const recording = intercepted(sql, (query, _, params) => {
    if (query.startsWith('CREATE DATABASE {')) made.push(String(params?.database));
    if (made.length > 0 && failIn?.test(query)) throw new Error('refused');
  });
  return { recording, made };
}

it('validate drops its scratch database and abandoned ones', async () => {
  const { recording, made } = recordingScratch(ownDatabase());
  const schema = new ClickHouseSchemaController(recording, { migrationsDirectory });
  await schema.initialize();
  const server = recording.on('system');
  const [now] = await server.rows<{ seconds: number }>('test', 'SELECT toUnixTimestamp(now()) AS seconds');
  const id = randomBytes(6).toString('hex');
  const [old, young] = [3700, 3500].map((age) => `qtdal_scratch_${now!.seconds - age}_${id}`);
  for (const database of [old, young]) await server.command('test', CREATE, { database });
  await schema.validate();
  expect(made).toEqual([old, young, expect.stringMatching(/^qtdal_scratch_[0-9]+_[0-9a-f]{12}$/)]);
  expect(await existing(server, made)).toEqual([young]);
  await server.command('test', 'DROP DATABASE {database:Identifier}', { database: young });
});

it('validate drops the scratch database when a migration fails', async () => {
  const sql = ownDatabase();
  await new ClickHouseSchemaController(sql, { migrationsDirectory }).initialize();
  const { recording, made } = recordingScratch(sql, /^CREATE TABLE IF NOT EXISTS bars/);
  const validation = new ClickHouseSchemaController(recording, { migrationsDirectory }).validate();
  await expect(validation).rejects.toThrow('refused');
  expect(made).toHaveLength(1);
  expect(await existing(sql.on('system'), made)).toEqual([]);
});

const CREATE = 'CREATE DATABASE {database:Identifier}';

async function existing(server: Sql, databases: string[]): Promise<string[]> {
  const query = 'SELECT name FROM system.databases WHERE has({databases:Array(String)}, name) ORDER BY name';
  return (await server.rows<{ name: string }>('test', query, { databases })).map(({ name }) => name);
}
