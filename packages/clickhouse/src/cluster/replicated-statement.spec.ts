import { packagedMigrations } from '@quantumtrade/dal-migrations';
import { loadMigrations } from '../schema/migration-files.js';
import { replicatedStatement, type StatementOrigin } from './replicated-statement.js';

const ORIGIN: StatementOrigin = { database: 'trading', version: 3, direction: 'up' };
const rewrite = (statement: string) => replicatedStatement(statement, ORIGIN);
const PATH = "'/clickhouse/tables/{shard}/trading/t/0003_up', '{replica}'";

/** Returns every statement of the packaged migrations beside its replicated form. */
async function packaged() {
  const migrations = await loadMigrations(packagedMigrations);
  return migrations.flatMap((migration) =>
    (['up', 'down'] as const).flatMap((direction) =>
      migration[direction].map((statement) => ({
        statement,
        ...replicatedStatement(statement, { database: 'trading', version: migration.version, direction }),
      })),
    ),
  );
}

describe('packaged migrations', () => {
  it('every table becomes replicated under a path of its own', async () => {
    const created = (await packaged()).filter(({ statement }) => /^CREATE TABLE/.test(statement));
    const paths = created.map(
      ({ text }) => /Replicated\w+MergeTree\('([^']+)', '\{replica\}', \w+\)/.exec(text)?.[1],
    );
    expect(created).toHaveLength(10);
    expect(new Set(paths).size).toBe(10);
    expect(paths).toContain('/clickhouse/tables/{shard}/trading/market_data/0001_up');
    expect(paths).toContain('/clickhouse/tables/{shard}/trading/prediction_outcomes_rebuilt/0011_down');
  });

  it('no statement keeps a setting of plain tables', async () => {
    const windows = (await packaged()).filter(({ statement }) => /deduplication_window/.test(statement));
    expect(windows).toHaveLength(9);
    for (const { text } of windows) {
      expect(text).not.toContain('non_replicated');
      expect(text).toMatch(
        / replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 31536000$/,
      );
    }
  });

  it('definitions run on every server, changes and copies on one', async () => {
    const verbs = { 'every-server': new Set(), 'one-copy': new Set() };
    for (const { statement, runsOn } of await packaged()) verbs[runsOn].add(/^\w+/.exec(statement)![0]);
    expect([...verbs['every-server']].sort()).toEqual(['CREATE', 'DROP', 'RENAME', 'SELECT']);
    expect([...verbs['one-copy']].sort()).toEqual(['ALTER', 'INSERT']);
  });

  it('copies of rows wait for all rows first', async () => {
    const copies = (await packaged()).filter(({ statement }) => /^INSERT/.test(statement));
    expect(copies.map(({ before }) => before)).toEqual(
      [
        ['strategy_performance'],
        ['strategy_performance_before'],
        ['prediction_outcomes'],
        ['prediction_outcomes_before'],
        ['prediction_outcomes'],
        ['prediction_outcomes_before'],
      ].map(([table]) => [`SYSTEM SYNC REPLICA ${table}`]),
    );
  });
});

it.each([
  [
    'CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a',
    `ReplicatedMergeTree(${PATH}) ORDER BY a`,
  ],
  [
    'CREATE TABLE IF NOT EXISTS `t` (a UInt8) ENGINE=MergeTree() ORDER BY a',
    `ReplicatedMergeTree(${PATH}) ORDER BY a`,
  ],
  [
    'create table if not exists t (a UInt8) engine = SummingMergeTree((b, c)) ORDER BY a',
    `ReplicatedSummingMergeTree(${PATH}, (b, c)) ORDER BY a`,
  ],
  [
    "CREATE TABLE IF NOT EXISTS t (a UInt8 COMMENT 'ENGINE = Log') ENGINE = ReplacingMergeTree(a) ORDER BY a",
    `COMMENT 'ENGINE = Log') ENGINE = ReplicatedReplacingMergeTree(${PATH}, a) ORDER BY a`,
  ],
  [
    'CREATE MATERIALIZED VIEW IF NOT EXISTS t ENGINE = MergeTree ORDER BY a AS SELECT 1 AS a',
    `ReplicatedMergeTree(${PATH}) ORDER BY a AS SELECT 1 AS a`,
  ],
])('table becomes replicated: %s', (statement, end) => {
  const { text, runsOn, before } = rewrite(statement);
  expect(text.endsWith(end)).toBe(true);
  expect({ runsOn, before }).toEqual({ runsOn: 'every-server', before: [] });
});

it.each([
  'CREATE VIEW IF NOT EXISTS v AS SELECT 1',
  'CREATE MATERIALIZED VIEW IF NOT EXISTS v TO t AS SELECT 1',
  'RENAME TABLE IF EXISTS a TO b',
  "SELECT throwIf(count() > 0, 'non_replicated_deduplication_window = 1') FROM t",
  'DROP VIEW IF EXISTS v',
  'DROP TABLE IF EXISTS t SYNC',
  'ALTER TABLE t MODIFY SETTING merge_with_ttl_timeout = 1, max_parts_in_total = 2',
  "ALTER TABLE `t` MODIFY COMMENT 'bars, DROP COLUMN a'",
])('statement stays as it is, on every server: %s', (statement) => {
  expect(rewrite(statement)).toEqual({ text: statement, runsOn: 'every-server', before: [] });
});

it.each([
  ['ALTER TABLE t ADD COLUMN IF NOT EXISTS a UInt8', ' SETTINGS alter_sync = 2, mutations_sync = 2'],
  ["ALTER TABLE t UPDATE a = 'SETTINGS b = 1' WHERE 1", ' SETTINGS alter_sync = 2, mutations_sync = 2'],
  ['ALTER TABLE t DELETE WHERE a SETTINGS max_threads = 1', ', alter_sync = 2, mutations_sync = 2'],
  ["ALTER TABLE t MODIFY COLUMN a COMMENT 'x', MODIFY TTL b", ' SETTINGS alter_sync = 2, mutations_sync = 2'],
  ['DELETE FROM t WHERE a = 1', ' SETTINGS alter_sync = 2, mutations_sync = 2'],
  ['UPDATE t SET a = a + 1 WHERE 1', ' SETTINGS alter_sync = 2, mutations_sync = 2'],
  ['TRUNCATE TABLE IF EXISTS t', ' SETTINGS alter_sync = 2, mutations_sync = 2'],
  ['INSERT INTO t VALUES (1)', ''],
])('change of one copy waits for the others: %s', (statement, more) => {
  expect(rewrite(statement)).toEqual({ text: `${statement}${more}`, runsOn: 'one-copy', before: [] });
});

it('copy of rows waits for each table that it reads', () => {
  expect(rewrite('INSERT INTO t SELECT * FROM a JOIN `b` USING k JOIN numbers(3) USING k')).toEqual({
    text: "INSERT INTO t SELECT * FROM a JOIN `b` USING k JOIN numbers(3) USING k SETTINGS insert_quorum = 'auto'",
    runsOn: 'one-copy',
    before: ['SYSTEM SYNC REPLICA a', 'SYSTEM SYNC REPLICA b'],
  });
});

it('table gets a path that no other table has', () => {
  const path = '/clickhouse/tables/{shard}/trading/t/0003_up';
  const { text } = replicatedStatement(
    'CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a',
    {
      ...ORIGIN,
      takenPaths: [path, `${path}_2`],
    },
  );
  expect(text).toContain(`ReplicatedMergeTree('${path}_3', '{replica}')`);
});

it('dropped table leaves Keeper before the statement ends', () => {
  expect(rewrite('DROP TABLE IF EXISTS t').text).toBe('DROP TABLE IF EXISTS t SYNC');
});

it.each([
  [
    'MODIFY SETTING non_replicated_deduplication_window = 5',
    'MODIFY SETTING replicated_deduplication_window = 5, replicated_deduplication_window_seconds = 31536000',
  ],
  [
    'RESET SETTING non_replicated_deduplication_window',
    'RESET SETTING replicated_deduplication_window, replicated_deduplication_window_seconds',
  ],
])('window of remembered tokens is changed on every server: %s', (command, text) => {
  expect(rewrite(`ALTER TABLE t ${command}`)).toEqual({
    text: `ALTER TABLE t ${text}`,
    runsOn: 'every-server',
    before: [],
  });
});

it.each([
  [
    'CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = Log',
    'table t (up) has the engine Log, which has no replicated form',
  ],
  [
    "CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = ReplicatedMergeTree('/t', 'r') ORDER BY a",
    'table t (up) has the engine ReplicatedMergeTree, which has no replicated form',
  ],
  ['CREATE TABLE IF NOT EXISTS t AS u', 'table t (up) names no engine'],
  [
    'ALTER TABLE t ADD COLUMN IF NOT EXISTS a UInt8, MODIFY SETTING merge_with_ttl_timeout = 1',
    'table t (up) is altered by MODIFY SETTING and others in one statement: make it two',
  ],
])('refuses %s', (statement, reason) => {
  expect(() => rewrite(statement)).toThrow(
    expect.objectContaining({ code: 'MIGRATION', message: `Schema migration failed: version 3 - ${reason}` }),
  );
});
