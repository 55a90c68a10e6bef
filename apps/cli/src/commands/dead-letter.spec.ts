import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileWriterStorage } from '@quantumtrade/dal';
import { EXIT } from '../exit-codes.js';
import { qtdal, ScratchDirectory } from '../testing.js';

const scratch = new ScratchDirectory();
afterAll(() => scratch.remove());

let place = 0;

/** A configuration whose store cannot be reached, and two dead letters, `a` and `b`. */
async function withLetters() {
  const directory = join(scratch.path, `writer-${++place}`);
  const file = scratch.file(
    `writer-${place}.toml`,
    `backend = "clickhouse-redis"\n[clickhouse]\nurl = "http://127.0.0.1:9"\n[writer]\ndirectory = "${directory}"\n`,
  );
  const { deadLetters } = fileWriterStorage(directory);
  for (const [at, id] of ['a', 'b'].entries()) {
    const block = { record: 'marketData', id, rowCount: 1_000, bytes: Buffer.from('rows') } as const;
    await deadLetters.add({ block, reason: { code: 'QUERY', message: 'no such column' }, at });
  }
  const call = (...args: string[]) => qtdal('dead-letter', ...args, '--config', file);
  const left = async () => (await deadLetters.list()).map(({ id }) => id);
  return { call, left, directory };
}

const shownAsJson = {
  id: 'a',
  record: 'marketData',
  rows: 1_000,
  bytes: 4,
  at: '1970-01-01T00:00:00.000Z',
  code: 'QUERY',
  reason: 'no such column',
};

describe('qtdal dead-letter', () => {
  it('lists dead letters when the store is unavailable', async () => {
    const { call } = await withLetters();
    const { code, out } = await call('list');
    expect(code).toBe(EXIT.ok);
    expect(out).toMatch(/^id +record +rows.*\n.*\na +marketData +1000 .*no such column\nb /);
    const json = await call('list', '--json');
    expect(JSON.parse(json.out)).toMatchObject([shownAsJson, { id: 'b' }]);
  });

  it('lists a damaged file by its name', async () => {
    const { call, directory } = await withLetters();
    writeFileSync(join(directory, 'dead-letters', 'bad.letter'), 'half');
    const { code, out } = await call('list');
    expect(code).toBe(EXIT.ok);
    expect(out).toMatch(
      /\na +marketData .*\nb .*\nbad\.letter +DAMAGED .*bad\.letter cannot be read: not a block\n$/,
    );
    expect(JSON.parse((await call('list', '--json')).out)[2]).toMatchObject({
      id: 'bad.letter',
      code: 'DAMAGED',
    });
    expect(await call('drop', 'bad.letter')).toMatchObject({ code: EXIT.ok });
  });

  it('shows one dead letter', async () => {
    const { call } = await withLetters();
    expect((await call('show', 'a')).out).toMatch(/reason +no such column/);
    expect(JSON.parse((await call('show', 'a', '--json')).out)).toEqual(shownAsJson);
    const { code, err } = await call('show', 'c');
    expect([code, err]).toEqual([EXIT.usage, 'qtdal: There is no dead letter c.\n']);
  });

  it('drops named letters and reports missing ones', async () => {
    const { call, left } = await withLetters();
    const { code, out } = await call('drop', 'a', 'c', '--json');
    expect(code).toBe(EXIT.data);
    expect(JSON.parse(out)).toEqual([
      { id: 'a', outcome: 'dropped' },
      { id: 'c', outcome: 'missing' },
    ]);
    expect(await left()).toEqual(['b']);
    expect((await call('drop', 'b')).code).toBe(EXIT.ok);
    expect((await call('list')).out).toBe('No dead letters.\n');
    expect((await call('replay', '--all')).out).toBe('No dead letters.\n');
  });

  it('keeps a letter that is refused again, with the reason', async () => {
    const { call, left } = await withLetters();
    const { code, out } = await call('replay', 'a', 'c');
    expect(code).toBe(EXIT.data);
    expect(out).toMatch(/^a: refused \(.+\)\nc: missing\n$/);
    expect(await left()).toEqual(['a', 'b']);
  });

  it.each([
    [['replay'], /their ids, or --all/],
    [['replay', 'a', '--all'], /their ids, or --all/],
    [['drop'], /missing required argument/],
    [['list', '--backend', 'memory'], /keeps no dead letters/],
  ])('refuses %j as wrong usage', async (args, message) => {
    const { call } = await withLetters();
    const { code, err } = await call(...args);
    expect(code).toBe(EXIT.usage);
    expect(err).toMatch(message);
  });
});
