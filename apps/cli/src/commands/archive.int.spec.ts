import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EXIT } from '../exit-codes.js';
import { OwnDatabase, qtdal, ScratchDirectory } from '../testing.js';

const scratch = new ScratchDirectory();
const own = new OwnDatabase('cli_archive');
const [side, former] = ['side', 'former'].map((name) => `${own.name}_${name}`) as [string, string];
const objects = join(scratch.path, 'objects');
let config: string;

beforeAll(async () => {
  const sections = `[backup]
    url = "${pathToFileURL(objects).href}"
    [archive]
    directory = "${join(scratch.path, 'archive')}"
    [writer]
    directory = "${join(scratch.path, 'writer')}"`;
  config = scratch.file('qtdal.toml', `${own.config()}\n${sections}`);
  expect((await qtdal('migrate', '--config', config)).code).toBe(EXIT.ok);
});
afterAll(async () => {
  for (const name of [side, `${side}_2`, former])
    await own.sql(`DROP DATABASE IF EXISTS ${name} SYNC`, 'default');
  await own.drop();
  scratch.remove();
});

const call = (...args: string[]) => qtdal(...args, '--config', config);

async function ingest(symbol: string): Promise<void> {
  const file = scratch.file(
    `${symbol}.csv`,
    'date,open,high,low,close,volume\n2024-01-02,1,2,1,2,9\n2024-01-03,1,2,1,2,9\n',
  );
  expect(await call('ingest', file, '--symbol', symbol)).toMatchObject({ code: EXIT.ok });
}

const symbols = async (database = own.name) =>
  (await own.sql('SELECT DISTINCT symbol FROM market_data ORDER BY symbol', database)).trim().split('\n');

const segments = () =>
  readdirSync(objects, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.segment'));

it.each([['copy', '--to', pathToFileURL(join(scratch.path, 'nowhere')).href], ['verify']])(
  'archive %s exits with 4 without an archive',
  async (...args) => {
    const empty = pathToFileURL(join(scratch.path, 'empty')).href;
    expect((await call('archive', ...args, '--store', empty)).code).toBe(EXIT.data);
  },
);

it('restores to an instant between two ingestions and promotes', async () => {
  await ingest('A');
  expect(await call('backup', 'create')).toMatchObject({ code: EXIT.ok });
  await ingest('B');
  const instant = new Date().toISOString();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await ingest('C');
  const status = await call('archive', 'status');
  expect(status.code).toBe(EXIT.ok);
  expect(status.out).toMatch(new RegExp(`${own.name}.*closed`));

  const restored = await call('restore', '--to', instant, '--into', side);
  expect(restored).toMatchObject({ code: EXIT.ok, err: '' });
  expect(restored.out).toContain(`The database as of ${instant} is restored into ${side}`);
  expect(restored.out).toContain(`restore promote ${side} --keep-as NAME --yes\n`);
  const promoted = await call('restore', 'promote', side, '--keep-as', former, '--yes');
  expect(promoted).toMatchObject({ code: EXIT.ok, err: '' });
  expect(await symbols()).toEqual(['A', 'B']);

  const late = await call('restore', '--to', new Date().toISOString(), '--into', side);
  expect(late.err).toContain('since the last promotion');
});

it('restores to an instant from the second store alone', async () => {
  const copies = pathToFileURL(join(scratch.path, 'copies')).href;
  expect(await call('backup', 'create')).toMatchObject({ code: EXIT.ok });
  await ingest('E');
  const copied = await call('backup', 'copy', '--to', copies);
  expect(copied.out).toMatch(/^Backup \S+ is copied[^]*\nThe archive is copied: [1-9]\d* segments/);
  await ingest('F');
  const again = await call('archive', 'copy', '--to', copies);
  expect(again).toMatchObject({ code: EXIT.ok, err: '' });
  expect(again.out).toMatch(/: [1-9]\d* segments, .*; [1-9]\d* were there\. It reaches to \S+Z\.\n$/);
  const reached = / reaches to (\S+)\.\n$/.exec(again.out)![1]!;
  expect((await call('backup', 'status')).out).toContain(`Archive copied   to ${reached} in `);
  const second = ['--store', copies];
  expect((await call('archive', 'verify', ...second)).out).toMatch(/^1 writers: .* 0 problems\.\n$/);
  expect((await call('backup', 'verify', ...second)).out).toMatch(/ 0 problems\.\n$/);
  await ingest('G');
  renameSync(objects, `${objects}-lost`);
  try {
    const late = await call('restore', '--to', new Date().toISOString(), '--into', `${side}_2`, ...second);
    expect(late.err).toContain(`is later than the copies in this store reach: ${reached}`);
    const restored = await call('restore', '--to', reached, '--into', `${side}_2`, ...second);
    expect(restored).toMatchObject({ code: EXIT.ok, err: '' });
    expect(restored.out).toContain(`restore promote ${side}_2 --keep-as NAME --yes --store ${copies}\n`);
    expect(await symbols(`${side}_2`)).toEqual(['A', 'B', 'E', 'F']);
  } finally {
    renameSync(`${objects}-lost`, objects);
  }
  expect((await call('archive', 'prune', '--yes', ...second)).code).toBe(EXIT.ok);
  expect((await call('archive', 'copy', '--to', copies)).code).toBe(EXIT.ok);
});

it('names a damaged segment and restores nothing', async () => {
  await call('backup', 'create');
  await ingest('D');
  const file = join(objects, segments().sort().at(-1)!);
  const bytes = readFileSync(file);
  writeFileSync(
    file,
    bytes.map((byte, n) => (n === bytes.length >> 1 ? byte ^ 1 : byte)),
  );
  const refused = await call('restore', '--to', 'latest', '--into', side);
  expect(refused.code).toBe(EXIT.data);
  expect(refused.err).toMatch(/archive\/\S+\.segment - is damaged/);
  expect(await own.sql(`SELECT count() FROM system.databases WHERE name = '${side}'`)).toBe('0\n');
  writeFileSync(file, bytes);
  expect(await call('restore', '--to', 'latest', '--into', side)).toMatchObject({ code: EXIT.ok });
});

it('doctor names a writer whose archive is behind', async () => {
  expect((await call('doctor')).out).toMatch(/^ok {6}archive: 1 writers, all complete/m);
  const file = join(objects, 'archive', readdirSync(join(objects, 'archive'))[0]!, 'position.json');
  const closed = readFileSync(file, 'utf8');
  const text = closed
    .slice(65, -1)
    .replace('"isClosed": true', '"isClosed": false')
    .replace(/"completeTo": \d+/, '"completeTo": 0');
  writeFileSync(file, `${createHash('sha256').update(text).digest('hex')}\n${text}\n`);
  const { code, out } = await call('doctor');
  expect(code).toBe(EXIT.data);
  expect(out).toMatch(/^FAILED {2}archive: writer \S+ is complete to 1970-01-01T00:00:00.000Z only/m);
  writeFileSync(file, closed);
});

it('prunes and retires with --yes only', async () => {
  const before = segments().length;
  expect((await call('archive', 'prune')).out).toMatch(/^Would be removed: \d+ segments/);
  expect(segments()).toHaveLength(before);
  expect((await call('archive', 'prune', '--yes')).out).toMatch(/^Removed: \d+ segments/);
  const [writer] = JSON.parse((await call('archive', 'status', '--json')).out) as { writer: string }[];
  expect(await call('archive', 'retire', writer!.writer)).toMatchObject({ code: EXIT.usage });
  expect(await call('archive', 'retire', writer!.writer, '--yes')).toMatchObject({ code: EXIT.ok });
  expect((await call('archive', 'retire', 'nobody', '--yes')).err).toContain('writer - has no archive');
});

it.each([
  [['restore', 'some-id', '--to', 'latest', '--into', side], /a backup or --to, not both/],
  [['restore', '--journal', 'writer', '--into', side], /--journal needs --to/],
  [
    ['restore', '--to', '2100-01-01', '--journal', 'no-directory', '--into', side],
    /no-directory does not exist/,
  ],
  [['restore', '--to', 'yesterday', '--into', side], /--to/],
  [['restore', '--to', '2000-01-01', '--into', side], /has no backup before it/],
])('refuses %j', async (args, message) => {
  const { code, err } = await call(...args);
  expect(code).not.toBe(EXIT.ok);
  expect(err).toMatch(message);
});
