import type { Guarantee } from '@quantumtrade/dal-domain';
import { buildRow } from '@quantumtrade/dal-testing/records';
import type { Sql } from '../connection/sql.js';
import { changedSql } from '../testing/changed-sql.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';
import { guaranteeInspector } from './inspector.js';

let own: OwnBackend;
let sql: Sql;

beforeAll(async () => {
  own = await openOwnBackend();
  sql = own.sql;
});
afterAll(() => own.close());

const WINDOW = 'non_replicated_deduplication_window';
const PLAIN = 'MergeTree ORDER BY (symbol, timestamp, source)';
const KEYED = 'ReplacingMergeTree(written_at) PARTITION BY toYYYYMM(timestamp)';
const MONTH = Date.UTC(2020, 0, 1);

/** Recreates the table of bars with its columns and another engine. */
async function recreate(engine: string): Promise<void> {
  await sql.command('test', 'CREATE TABLE remade AS market_data ENGINE = Memory');
  await sql.command('test', 'DROP TABLE market_data SYNC');
  await sql.command('test', `CREATE TABLE market_data AS remade ENGINE = ${engine}`);
  await sql.command('test', 'DROP TABLE remade SYNC');
}

/** Returns the missing guarantees of the table of bars, in a session with these settings. */
async function reasons(settings?: string): Promise<Partial<Record<Guarantee, string>>> {
  const [bars] = await guaranteeInspector(settings ? withSettings(sql, settings) : sql).inspect();
  expect(bars).toMatchObject({ table: 'market_data', exists: true });
  return Object.fromEntries(bars!.missing.map(({ guarantee, reason }) => [guarantee, reason]));
}

/** Returns statements with these settings, as the user's profile might set them. */
const withSettings = (given: Sql, settings: string): Sql =>
  changedSql(given, (database) => ({
    rows: (operation, query, ...rest) => database.rows(operation, `${query} SETTINGS ${settings}`, ...rest),
  }));

/** Returns the number of rows after a block of one bar was written twice. */
async function countAfterTwoWrites(final: 'FINAL' | '' = ''): Promise<number> {
  const collector = own.backend.blocks.collect('marketData');
  collector.append({ source: 'twice', records: [bar] });
  for (const block of collector.finish()) {
    await own.backend.blocks.write(block);
    await own.backend.blocks.write(block);
  }
  return count('twice', final);
}

async function count(source: string, final = ''): Promise<number> {
  const [found] = await sql.rows<{ n: string }>(
    'test',
    `SELECT count() AS n FROM market_data ${final} WHERE source = {source:String}`,
    { source },
  );
  return Number(found!.n);
}

const bar = buildRow('marketData', { symbol: 'A', timestamp: MONTH });

it('migrated tables lack only sync and replication', async () => {
  expect(await reasons()).toEqual({
    synced: 'fsync_after_insert and fsync_part_directory are off',
    replicated: 'its engine has no replicas',
  });
  const tables = await own.backend.guarantees.inspect();
  expect(tables.map(({ remembers }) => remembers)).toEqual(
    tables.map(() => ({ blocks: 10_000, seconds: null })),
  );
  expect(await countAfterTwoWrites('FINAL')).toBe(1);
});

it('plain table without a window is not idempotent', async () => {
  await recreate(PLAIN);
  expect(await reasons()).toMatchObject({
    idempotent: `${WINDOW} is 0, and engine MergeTree does not replace rows`,
    keyed: 'engine MergeTree does not replace rows',
  });
  expect(await countAfterTwoWrites()).toBe(2);
});

it('plain table with a window is idempotent unless deduplication is disabled', async () => {
  await recreate(`${PLAIN} SETTINGS ${WINDOW} = 3`);
  expect(await reasons()).not.toHaveProperty('idempotent');
  expect(await reasons()).toHaveProperty('keyed');
  expect(await countAfterTwoWrites()).toBe(1);
  const disabled = "deduplicate_insert = 'disable'";
  expect((await reasons(disabled)).idempotent).toMatch(/^deduplicate_insert is disable/);
  const insertTwice = async (source: string, settings: string) => {
    const query = `INSERT INTO market_data (source) SETTINGS async_insert = 0, insert_deduplicate = 1,
      insert_deduplication_token = '${source}', ${settings} VALUES ('${source}')`;
    await sql.command('test', query);
    await sql.command('test', query);
  };
  await insertTwice('known', "deduplicate_insert = 'backward_compatible_choice'");
  await insertTwice('unknown', disabled);
  expect([await count('known'), await count('unknown')]).toEqual([1, 2]);
});

it('keyed table without a window is idempotent', async () => {
  await recreate(`${KEYED} ORDER BY (symbol, timestamp, source) SETTINGS ${WINDOW} = 0`);
  const found = await reasons();
  expect(found).not.toHaveProperty('idempotent');
  expect(found).not.toHaveProperty('keyed');
  const [bars] = await own.backend.guarantees.inspect();
  expect(bars!.remembers.blocks).toBe(0);
  expect(await countAfterTwoWrites('FINAL')).toBe(1);
});

it('table that replaces rows of different keys is not distinct', async () => {
  await recreate(`${KEYED} ORDER BY (symbol, timestamp)`);
  expect(await reasons()).toMatchObject({
    distinct: 'its sorting key lacks source',
    keyed: 'its sorting key is not symbol, timestamp, source',
  });
});

it('table that replaces rows by insertion order is not keyed', async () => {
  await recreate('ReplacingMergeTree ORDER BY (symbol, timestamp, source)');
  expect(await reasons()).toMatchObject({ keyed: 'it does not replace rows by written_at' });
});

it.each([
  ['Memory', 'Memory'],
  ['Buffer', "Buffer('', 'kept', 1, 100, 100, 1000, 1000, 1000000, 1000000)"],
])('engine %s does not store acknowledged rows', async (name, engineFull) => {
  await recreate(engineFull);
  expect((await reasons()).stored).toBe(`engine ${name} is not of the MergeTree family`);
});

it('asynchronous inserts without waiting are not stored', async () => {
  await recreate(PLAIN);
  expect(await reasons('async_insert = 1, wait_for_async_insert = 0')).toMatchObject({
    stored: 'async_insert is on and wait_for_async_insert off',
  });
  expect(await reasons('async_insert = 1, wait_for_async_insert = 1')).not.toHaveProperty('stored');
});

it('table is synced when files and directories of parts are', async () => {
  await recreate(`${PLAIN} SETTINGS fsync_after_insert = 1`);
  expect((await reasons()).synced).toBe('fsync_part_directory is off');
  await sql.command('test', 'ALTER TABLE market_data MODIFY SETTING fsync_part_directory = 1');
  expect(await reasons()).not.toHaveProperty('synced');
});
