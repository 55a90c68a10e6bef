import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseConfig, type DalConfig } from '@quantumtrade/dal-config';
import { DirectoryObjectStore } from '@quantumtrade/dal-object-store';
import { archivedWriters } from '@quantumtrade/dal-operations';
import { loginOf, queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { composeDatabase } from './compose-database.js';
import { clickHouseRedisModule } from './modules.js';
import { openDatabase } from './open-database.js';

const login = loginOf(process.env['CLICKHOUSE_URL']!);
const database = `archived_${randomBytes(6).toString('hex')}`;
let directory: string;

beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'archived-'))));
afterEach(() => rm(directory, { recursive: true }));
afterAll(() => queryClickHouse(login, `DROP DATABASE IF EXISTS ${database} SYNC`, 'default'));

function config(backup = `[backup]\nurl = "${pathToFileURL(join(directory, 'objects')).href}"`): DalConfig {
  return parseConfig(
    `backend = "clickhouse-redis"
     [clickhouse]
     url = "${login.url}"
     username = "${login.username ?? 'default'}"
     password = "${login.password ?? ''}"
     database = "${database}"
     [redis]
     url = "${process.env['REDIS_URL']}"
     key_prefix = "${database}:"
     [writer]
     directory = "${join(directory, 'writer')}"
     [archive]
     directory = "${join(directory, 'archive')}"
     ${backup}`,
    {},
  );
}

it.each([
  ['composition', () => composeDatabase(config())],
  ['container', () => openDatabase(clickHouseRedisModule(config()))],
])('archives what a %s stores, until it is closed', async (_, open) => {
  const opened = await open();
  await opened.database.initializeSchema();
  const records = [buildRow('marketData', { symbol: 'A', timestamp: 60_000 })];
  await opened.database.insertMarketData({ records, source: 'test' });
  await opened.database.transaction((tx) => void tx.insertMarketData({ records, source: 'test' }));
  expect((await opened.database.health()).archive).toMatchObject({ failedBy: null });
  await opened.close();
  const store = new DirectoryObjectStore(join(directory, 'objects'));
  expect(await archivedWriters(store)).toMatchObject([{ database, isClosed: true, segments: 1 }]);
});

it('measures the backups of the configured store', async () => {
  const opened = await composeDatabase(config());
  try {
    await opened.database.initializeSchema();
    const names = ['problems', 'age', 'drill.passed'].map((name) => `quantumtrade.dal.backup.${name}`);
    const values = async () => {
      const families = await opened.database.metrics.collect();
      return names.map((name) => families.find((family) => family.name === name)?.points[0]?.value);
    };
    expect(await values()).toEqual([3, undefined, undefined]);
  } finally {
    await opened.close();
  }
});

it('refuses an archive without an object store', async () => {
  await expect(composeDatabase(config(''))).rejects.toMatchObject({
    code: 'VALIDATION',
    field: 'backup.url',
  });
});
