import { jest } from '@jest/globals';
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from './node-file-system.js';
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

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

it('warns and changes nothing when a path is shared by design', async () => {
  const shared = join(directory, 'shared');
  await mkdir(shared);
  await chmod(shared, 0o1777);
  const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
  for (let i = 0; i < 2; i++) await restrictAccess(shared);
  expect(warn.mock.calls).toEqual([[expect.stringContaining(shared), { code: 'QTDAL_EXPOSED' }]]);
  warn.mockRestore();
  expect((await stat(shared)).mode & 0o7777).toBe(0o1777);
});

it('ignores a missing path and a link to a file', async () => {
  await restrictAccess(join(directory, 'missing'));
  await writeFile(join(directory, 'target'), '', { mode: 0o644 });
  await symlink(join(directory, 'target'), join(directory, 'link'));
  await restrictAccess(join(directory, 'link'));
  expect(await modeOf(join(directory, 'target'))).toBe('644');
});

it('restricts the directory behind a link', async () => {
  await mkdir(join(directory, 'real'), { mode: 0o755 });
  await symlink(join(directory, 'real'), join(directory, 'link'));
  await nodeFileSystem.makeDirectory(join(directory, 'link'));
  expect(await modeOf(join(directory, 'real'))).toBe('700');
});
