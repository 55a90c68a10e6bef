import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EXIT } from '../exit-codes.js';
import { OwnDatabase, qtdal, ScratchDirectory } from '../testing.js';

const scratch = new ScratchDirectory();
const own = new OwnDatabase('cli_backup');
const sides = ['side', 'former', 'other', 'unfinished'].map((name) => `${own.name}_${name}`);
const directory = join(scratch.path, 'backups');
const store = ['--store', pathToFileURL(directory).href];
let config: string;

beforeAll(async () => {
  config = scratch.file('qtdal.toml', own.config());
  expect((await qtdal('migrate', '--config', config)).code).toBe(EXIT.ok);
  await insert('A', 3);
});
afterAll(async () => {
  for (const name of sides) await own.sql(`DROP DATABASE IF EXISTS ${name} SYNC`, 'default');
  await own.drop();
  scratch.remove();
});

const insert = (symbol: string, rows: number) =>
  own.sql(
    `INSERT INTO market_data SELECT '${symbol}', toDateTime64('2024-01-01', 3, 'UTC') + number, 1, 1, 1, 1, number, 1,
       's', 1, now64(8) FROM numbers(${rows})`,
  );
const backup = (...args: string[]) => qtdal('backup', ...args, '--config', config, ...store);
const json = async (...args: string[]) => {
  const { code, out } = await qtdal(...args, '--config', config, '--json');
  return { code, document: JSON.parse(out) as Record<string, unknown> };
};
const rowsIn = async (database: string) =>
  Number(await own.sql('SELECT count() FROM market_data FINAL', database));

it('backups are created, listed, verified, drilled and restored', async () => {
  expect((await backup('status')).code).toBe(EXIT.data);
  const first = await json('backup', 'create', ...store);
  expect(first).toMatchObject({ code: EXIT.ok, document: { kind: 'full', rows: 3 } });
  await insert('B', 2);
  const second = await backup('create');
  expect(second).toMatchObject({ code: EXIT.ok, err: '' });
  expect(second.out).toMatch(/^Backup \S+ is complete \(incremental\): 5 rows/);
  expect((await backup('list')).out.trim().split('\n')).toHaveLength(4);
  expect((await backup('verify')).out).toMatch(/ 0 problems\.\n$/);
  expect((await backup('drill')).out).toMatch(/^Drill passed: \S+, 5 rows/);
  expect(await backup('status')).toMatchObject({ code: EXIT.ok });

  const id = first.document['id'] as string;
  const restored = await json('restore', id, '--into', sides[0]!, ...store);
  expect(restored).toMatchObject({ code: EXIT.ok, document: { id, rows: 3 } });
  const promotion = ['restore', 'promote', sides[0]!, '--keep-as', sides[1]!, ...store, '--config', config];
  const refused = await qtdal(...promotion);
  expect(refused).toMatchObject({ code: EXIT.usage });
  expect(refused.err).toMatch(/Nothing was changed: add --yes/);
  expect(await rowsIn(own.name)).toBe(5);
  expect(await qtdal(...promotion, '--yes')).toMatchObject({ code: EXIT.ok, err: '' });
  expect([await rowsIn(own.name), await rowsIn(sides[1]!)]).toEqual([3, 5]);
});

it('takes the store from the configuration', async () => {
  const file = scratch.file('store.toml', `${own.config()}\n[backup]\nurl = "${store[1]}"\n`);
  const { code, out } = await qtdal('backup', 'list', '--config', file);
  expect(code).toBe(EXIT.ok);
  expect(out).toBe((await backup('list')).out);
});

it('copy brings the newest chain to the second store', async () => {
  const url = pathToFileURL(join(scratch.path, 'copies')).href;
  const to = ['--to', url];
  const first = await json('backup', 'copy', ...store, ...to);
  const [full, newest] = first.document['backups'] as string[];
  expect(first).toMatchObject({ code: EXIT.ok, document: { id: newest, present: 0 } });
  const file = scratch.file('copy.toml', `${own.config()}\n[backup.copy]\nurl = "${url}"\n`);
  const again = await qtdal('backup', 'copy', full!, '--config', file, ...store);
  expect(again).toMatchObject({ code: EXIT.ok, err: '' });
  expect(again.out).toMatch(/is copied, with 0 before it: 0 objects, 0 bytes; \d+ were there\.\n$/);
  expect((await qtdal('backup', 'verify', '--config', config, '--store', url)).out).toMatch(
    / 0 problems\.\n$/,
  );
});

it('prune lists without --yes and removes with it', async () => {
  await backup('create', '--full');
  const listed = await backup('prune', '--keep', '1');
  expect(listed.out).toMatch(/^Would be removed: 2 backups/);
  expect((await backup('prune', '--keep', '1', '--yes')).out).toMatch(/^Removed: 2 backups/);
  expect((await backup('prune', '--keep', '1', '--yes')).out).toMatch(/^Removed: 0 backups/);
});

it('damaged object is named by verify, drill and restore', async () => {
  const [object] = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.native.zst'),
  );
  const file = join(directory, object!);
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
  for (const call of [
    () => backup('verify'),
    () => backup('copy', '--to', pathToFileURL(join(scratch.path, 'others')).href),
    () => backup('drill'),
    () => qtdal('restore', '--into', sides[2]!, '--config', config, ...store),
  ]) {
    const { code, out, err } = await call();
    expect(code).toBe(EXIT.data);
    expect(out + err).toContain(object);
  }
  expect(await own.sql(`SELECT count() FROM system.databases WHERE name = '${sides[2]}'`)).toBe('0\n');
});

it('restore --replace drops what an unfinished restore has left', async () => {
  const into = sides[3]!;
  const restore = (...args: string[]) =>
    qtdal('restore', '--into', into, '--config', config, ...store, ...args);
  await backup('create', '--full');
  await own.sql(`CREATE DATABASE ${into} COMMENT 'created by a restore of qtdal'`, 'default');
  const refused = await restore();
  expect(refused.code).toBe(EXIT.usage);
  expect(refused.err).toContain(
    `the database ${into} is there from a restore that has not finished: replace it`,
  );
  await own.sql('CREATE TABLE restore_unfinished (nothing UInt8) ENGINE = Null', into);
  expect((await restore('--replace')).err).toContain(
    'is there from a restore that may be under way: it was changed',
  );
  await own.sql('DROP TABLE restore_unfinished SYNC', into);
  expect(await restore('--replace')).toMatchObject({ code: EXIT.ok, err: '' });
  expect((await restore('--replace')).err).toContain(`the database ${into} exists already`);
});

it.each([
  [['create'], /--store URL/],
  [['copy', '--store', 'file:///tmp/none'], /--to URL/],
  [['create', '--store', 's4://x'], /url - must be file:/],
  [['prune', '--keep', '0'], /1 or more/],
  [['prune'], /--keep/],
  [['verify', '../x', '--store', 'file:///tmp/none'], /must be the id of a backup/],
])('backup %j is wrong usage', async (args, message) => {
  const { code, err } = await qtdal('backup', ...args, '--config', config);
  expect(code).toBe(EXIT.usage);
  expect(err).toMatch(message);
});

it.each([
  [['restore'], /--into NAME/],
  [['restore', '--into', 'a-b'], /into/],
])('%j is wrong usage', async (args, message) => {
  const { code, err } = await qtdal(...args, '--config', config, ...store);
  expect(code).toBe(EXIT.usage);
  expect(err).toMatch(message);
});

it('schedule prints lines for cron with the given options', async () => {
  const { out } = await backup('schedule');
  expect(out.trim().split('\n')).toHaveLength(3);
  expect(out).toContain(
    `qtdal backup create --full --config ${config} ${store.join(' ')} && qtdal backup verify`,
  );
});
