import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from './exit-codes.js';
import { OwnDatabase, qtdal, ScratchDirectory } from './testing.js';

const scratch = new ScratchDirectory();
const own = new OwnDatabase('schema');
afterAll(async () => {
  await own.drop();
  scratch.remove();
});

const config = scratch.file('own.toml', own.config());
const bars = scratch.file('bars.csv', 'date,open,high,low,close,volume\n2000-01-03,1,2,1,1,10\n');
const onOwn = (...args: string[]) => qtdal(...args, '--config', config);
const tables = async () =>
  (
    await own.sql(
      `SELECT name FROM system.tables WHERE database = '${own.name}' AND name = 'market_data'`,
      'system',
    )
  ).trim();

it('qtdal migrate needs --yes to go down, and lists the loss', async () => {
  expect(await onOwn('query', 'market-data')).toMatchObject({
    code: EXIT.data,
    err: expect.stringContaining('no schema: run `qtdal migrate`'),
  });
  expect(await tables()).toBe('');
  expect((await onOwn('migrate')).code).toBe(EXIT.ok);
  expect((await onOwn('ingest', bars, '--symbol', 'X')).code).toBe(EXIT.ok);

  const asked = await onOwn('migrate', '0');
  expect(asked.code).toBe(EXIT.usage);
  expect(asked.err).toMatch(/loses:\n.*table market_data is dropped: 1 rows, [\d.]+ (bytes|KiB)/s);
  expect(asked.err).toMatch(/Nothing was changed: add --yes/);
  expect(await tables()).toBe('market_data');

  const done = await onOwn('migrate', '0', '--yes');
  expect(done.code).toBe(EXIT.ok);
  expect(done.out).toContain('table market_data is dropped: 1 rows');
  expect(await tables()).toBe('');
  expect((await onOwn('ingest', bars, '--symbol', 'X')).code).toBe(EXIT.data);
  expect(await tables()).toBe('');
}, 60_000);

it('qtdal migrate plan and status change nothing', async () => {
  expect((await onOwn('migrate', '10')).code).toBe(EXIT.ok);
  const planned = await onOwn('migrate', 'plan');
  expect(planned.out).toMatch(
    /^Going from version 10 to \d+:\n\n11 outcome_key up, expand: nothing waits\n    CREATE/,
  );
  expect(planned.out).toMatch(/11 outcome_key up, backfill: nothing waits; rewrites 0 rows, 0 bytes/);
  expect((await onOwn('migrate', 'plan', '0')).out).toMatch(/ LOSES  table market_data is dropped: 0 rows/);
  const { out } = await onOwn('migrate', 'status');
  expect(out).toMatch(/10 +undefined_metrics +applied at 20.*\n +11 +outcome_key +pending/);
  expect((await onOwn('migrate', 'baseline', '11')).err).toMatch(
    /the schema has a history, up to version 10/,
  );
}, 60_000);

it('qtdal migrate create writes the files of the next migration', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  for (const name of ['first', 'second_one'])
    expect((await qtdal('migrate', 'create', name, '--directory', folder)).code).toBe(EXIT.ok);
  expect(readdirSync(folder)).toEqual([
    '0001_first.down.sql',
    '0001_first.up.sql',
    '0002_second_one.down.sql',
    '0002_second_one.up.sql',
  ]);
});

it('qtdal migrate names stored rows that prevent going down', async () => {
  expect((await onOwn('migrate')).code).toBe(EXIT.ok);
  await own.sql("INSERT INTO market_data (symbol, volume) SETTINGS async_insert = 0 VALUES ('X', 0.5)");
  const refused = await onOwn('migrate', '8');
  expect(refused.code).toBe(EXIT.usage);
  expect(refused.err).toContain(
    'would fail: market_data has volumes that whole numbers of 64 bits do not hold',
  );
}, 60_000);

it('qtdal query creates no dropped table again', async () => {
  expect((await onOwn('migrate')).code).toBe(EXIT.ok);
  await own.sql('DROP TABLE market_data SYNC');
  for (const args of [
    ['query', 'market-data'],
    ['ingest', bars, '--symbol', 'X'],
  ]) {
    expect(await onOwn(...args)).toMatchObject({
      code: EXIT.data,
      err: expect.stringContaining('market_data is missing'),
    });
  }
  const migrated = await onOwn('migrate');
  expect(migrated.code).toBe(EXIT.data);
  expect(migrated.out).toContain('DRIFT  table market_data: is missing');
  expect(await tables()).toBe('');
}, 60_000);
