import { execFileSync } from 'node:child_process';
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeadLetter, DeadLetterStore } from '@quantumtrade/dal-domain';
import { memoryDeadLetters } from '@quantumtrade/dal-memory';
import { fileDeadLetters } from './file-dead-letters.js';

const letter = (id: string, at: number, bytes = Buffer.from('rows')): DeadLetter => ({
  block: { record: 'marketData', id, rowCount: 3, bytes },
  reason: { code: 'QUERY', message: 'no such column' },
  at,
});

let directory: string;
beforeEach(async () => (directory = join(await mkdtemp(join(tmpdir(), 'dead-letters-')), 'deep', 'down')));
afterEach(() => rm(join(directory, '..', '..'), { recursive: true }));
const fileOf = async () => join(directory, (await readdir(directory))[0]!);

const stores: readonly (readonly [string, () => DeadLetterStore])[] = [
  ['files', () => fileDeadLetters(directory)],
  ['memory', () => memoryDeadLetters()],
];

describe.each(stores)('in %s', (_name, open) => {
  it('get returns the dead letter that was added', async () => {
    const letters = open();
    const bytes = Buffer.from([0, 255, 1]);
    await letters.add(letter('a/../b', 5, bytes));
    const found = await letters.get('a/../b');
    expect({ ...found, block: { ...found!.block, bytes: Buffer.from(found!.block.bytes) } }).toEqual(
      letter('a/../b', 5, bytes),
    );
    expect(await letters.get('other')).toBeNull();
  });

  it('list returns summaries, the oldest first', async () => {
    const letters = open();
    expect(await letters.list()).toEqual([]);
    for (const [id, at] of [
      ['b', 2],
      ['c', 3],
      ['a', 1],
    ] as const)
      await letters.add(letter(id, at));
    const { reason } = letter('', 0);
    const shared = { record: 'marketData', rowCount: 3, byteLength: 4, reason };
    expect(await letters.list()).toEqual([
      { ...shared, id: 'a', at: 1 },
      { ...shared, id: 'b', at: 2 },
      { ...shared, id: 'c', at: 3 },
    ]);
  });

  it('add replaces the dead letter of the same block', async () => {
    const letters = open();
    await letters.add(letter('a', 1));
    await letters.add(letter('a', 2));
    expect(await letters.list()).toMatchObject([{ id: 'a', at: 2 }]);
  });

  it('remove returns whether there was a dead letter', async () => {
    const letters = open();
    await letters.add(letter('a', 1));
    expect(await letters.remove('a')).toBe(true);
    expect(await letters.remove('a')).toBe(false);
    expect(await letters.list()).toEqual([]);
  });
});

it('a dead letter survives when its directory is opened again', async () => {
  await fileDeadLetters(directory).add(letter('a', 1));
  expect(await fileDeadLetters(directory).get('a')).toMatchObject({ at: 1 });
});

it('list ignores a temporary file that was left behind', async () => {
  const letters = fileDeadLetters(directory);
  await letters.add(letter('a', 1));
  await writeFile(join(directory, 'left-behind.tmp'), 'half a let');
  expect(await letters.list()).toHaveLength(1);
});

it.each([
  ['header', 20],
  ['rows', -1],
])('get rejects with the file name when its %s is damaged', async (_part, at) => {
  const letters = fileDeadLetters(directory);
  await letters.add(letter('a', 1));
  const file = await fileOf();
  const bytes = await readFile(file);
  bytes[(at + bytes.length) % bytes.length]! ^= 1;
  await writeFile(file, bytes);
  await expect(letters.get('a')).rejects.toMatchObject({
    code: 'QUERY',
    message: expect.stringContaining(file),
  });
});

it.each<[string, (file: string) => Promise<unknown>]>([
  ['truncated in its header', async (file) => writeFile(file, (await readFile(file)).subarray(0, 30))],
  ['truncated in its rows', async (file) => truncate(file, (await stat(file)).size - 1)],
  ['longer than its header says', (file) => appendFile(file, 'x')],
  ['empty', (file) => truncate(file, 0)],
  ['1 GB of zeros', (file) => truncate(file, 0).then(() => truncate(file, 2 ** 30))],
  [
    'a header of 4 GB',
    (file) => writeFile(file, Buffer.concat([Buffer.from('QTB1'), Buffer.alloc(80, 255)])),
  ],
  ['a directory', (file) => rm(file).then(() => mkdir(file))],
  ['a named pipe', async (file) => rm(file).then(() => execFileSync('mkfifo', [file]))],
  ['named for another letter', (file) => rename(file, `${file.slice(0, -8)}x.letter`)],
])('list reports only the damaged file when it is %s', async (kind, damage) => {
  const letters = fileDeadLetters(directory);
  await letters.add(letter('bad', 1));
  await damage(await fileOf());
  const [name] = await readdir(directory);
  await letters.add(letter('good', 2));
  await writeFile(join(directory, 'notes.txt'), 'not a letter');
  expect(await letters.list()).toEqual([
    expect.objectContaining({ id: 'good', rowCount: 3 }),
    ...[name!, 'notes.txt'].map((id) => ({
      damaged: true,
      id,
      reason: { code: 'DAMAGED', message: expect.stringContaining(join(directory, id)) },
    })),
  ]);
  expect(await letters.get('good')).toMatchObject({ at: 2 });
  if (kind !== 'named for another letter') {
    const refusal = { code: 'QUERY', message: expect.stringContaining(name!) };
    for (const id of ['bad', name!]) await expect(letters.get(id)).rejects.toMatchObject(refusal);
  }
  if (kind !== 'a directory') expect(await letters.remove(name!)).toBe(true);
  expect(await letters.remove('notes.txt')).toBe(true);
});

it('files are accessible to their owner alone whatever the umask', async () => {
  const umask = process.umask(0);
  const letters = fileDeadLetters(directory);
  await letters.add(letter('a', 1));
  process.umask(umask);
  const mode = async (path: string) => (await stat(path)).mode & 0o777;
  expect([await mode(directory), await mode(await fileOf())]).toEqual([0o700, 0o600]);
  await chmod(directory, 0o755);
  await chmod(await fileOf(), 0o644);
  await letters.list();
  expect([await mode(directory), await mode(await fileOf())]).toEqual([0o700, 0o600]);
});

it('add shortens a message that exceeds the header', async () => {
  const letters = fileDeadLetters(directory);
  await letters.add({ ...letter('a', 1), reason: { code: 'QUERY', message: 'é'.repeat(100_000) } });
  expect((await letters.list())[0]!.reason.message).toHaveLength(4_096);
});

it('add rejects with ConnectionError when the disk refuses', async () => {
  const blocked = join(directory, '..', '..', 'file');
  await writeFile(blocked, '');
  await expect(fileDeadLetters(blocked).add(letter('a', 1))).rejects.toMatchObject({ code: 'CONNECTION' });
});
