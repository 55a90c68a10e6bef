import { jest } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../journal.js';
import { nodeFs } from './node-fs.js';
import { restrictAccess } from './restrict-access.js';

let directory: string;
let umask: number;
beforeEach(async () => {
  umask = process.umask(0);
  directory = await mkdtemp(join(tmpdir(), 'restrict-access-'));
});
afterEach(async () => {
  process.umask(umask);
  await rm(directory, { recursive: true });
});

/** The permissions of everything below a directory, by path. */
async function modesBelow(top: string): Promise<Record<string, string>> {
  const modes: Record<string, string> = {};
  for (const entry of await readdir(top, { recursive: true })) {
    modes[entry] = ((await stat(join(top, entry))).mode & 0o777).toString(8);
  }
  return modes;
}

const isOpen = (mode: string) => !['600', '700'].includes(mode);
const openOnes = async (top: string) =>
  Object.entries(await modesBelow(top)).filter(([, mode]) => isOpen(mode));

it('a journal is accessible to its owner alone, whatever the umask', async () => {
  const path = join(directory, 'deep', 'down');
  const journal = await openJournal({ directory: path });
  await journal.append('a', Buffer.from('x'));
  const [record] = await takeOne(journal.read({ follow: false }));
  await journal.setAside(record!);
  await journal.advance(record!.position);
  expect(Object.keys(await modesBelow(directory))).toHaveLength(7);
  expect(await openOnes(directory)).toEqual([]);
  await journal.close();
});

it('a journal that an earlier version left open to others is restricted when it is opened', async () => {
  const own = join(directory, '.qtdal');
  const path = join(own, 'writer', 'journal');
  const journal = await openJournal({ directory: path });
  await journal.append('a', Buffer.from('x'));
  await journal.setAside((await takeOne(journal.read({ follow: false })))[0]!);
  await journal.close();
  for (const entry of await readdir(directory, { recursive: true }))
    await chmod(join(directory, entry), 0o777);
  await writeFile(join(path, 'not-ours'), '', { mode: 0o644 });
  const again = await openJournal({ directory: path });
  expect(await openOnes(directory)).toEqual([['.qtdal/writer/journal/not-ours', '644']]);
  await again.close();
});

it('warns and changes nothing when the path is shared by design', async () => {
  const shared = join(directory, 'shared');
  await mkdir(shared);
  await chmod(shared, 0o1777);
  const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
  for (let i = 0; i < 2; i++) await restrictAccess(shared);
  expect(warn.mock.calls).toEqual([[expect.stringContaining(shared), { code: 'QTDAL_EXPOSED' }]]);
  warn.mockRestore();
  expect((await stat(shared)).mode & 0o7777).toBe(0o1777);
});

it('leaves a missing path and the target of a link to a file alone', async () => {
  await restrictAccess(join(directory, 'missing'));
  await writeFile(join(directory, 'target'), '', { mode: 0o644 });
  await symlink(join(directory, 'target'), join(directory, 'link'));
  await restrictAccess(join(directory, 'link'));
  expect((await modesBelow(directory))['target']).toBe('644');
});

it('restricts a directory that a link points to', async () => {
  await mkdir(join(directory, 'real'), { mode: 0o755 });
  await symlink(join(directory, 'real'), join(directory, 'link'));
  await nodeFs.makeDirectory(join(directory, 'link'));
  expect((await modesBelow(directory))['real']).toBe('700');
});

async function takeOne<T>(items: AsyncIterable<T>): Promise<T[]> {
  for await (const item of items) return [item];
  return [];
}
