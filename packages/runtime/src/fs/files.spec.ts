import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileHandle } from './file-system.js';
import { createFile, errorCode, ignoreMissing, replaceFile, writeFully } from './files.js';
import { nodeFileSystem } from './node-file-system.js';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'files-'));
  path = join(directory, 'file');
});
afterEach(() => rm(directory, { recursive: true }));

const bytes = (...texts: string[]) => texts.map((text) => Buffer.from(text));

it('writeFully continues after short writes', async () => {
  const written = Buffer.alloc(12);
  const shortWriter = {
    write: async (buffers: readonly Uint8Array[], position: number) =>
      Buffer.concat(buffers).copy(written, position, 0, 3),
  } as unknown as FileHandle;
  await writeFully(shortWriter, bytes('ab', 'cdefg', 'h'), 2);
  expect(written.toString('latin1')).toBe('\0\0abcdefgh\0\0');
});

it('writeFully fails when the disk writes nothing', async () => {
  const fullDisk = { write: async () => 0 } as unknown as FileHandle;
  await expect(writeFully(fullDisk, bytes('a'), 0)).rejects.toMatchObject({ code: 'EIO' });
});

it('writeFully writes more buffers than one call takes', async () => {
  await createFile(nodeFileSystem, path, Array<Buffer>(3_000).fill(Buffer.from('x')));
  expect((await readFile(path)).length).toBe(3_000);
});

it('createFile refuses an existing path and restricts access', async () => {
  await createFile(nodeFileSystem, path, bytes('a', 'b'));
  expect((await stat(path)).mode & 0o077).toBe(0);
  await expect(createFile(nodeFileSystem, path, [])).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await readFile(path, 'utf8')).toBe('ab');
});

it('replaceFile replaces the content and an abandoned temporary file', async () => {
  await writeFile(`${path}.tmp`, 'abandoned');
  for (const text of ['old', 'new']) await replaceFile(nodeFileSystem, path, bytes(text));
  expect(await readFile(path, 'utf8')).toBe('new');
  expect(await readdir(directory)).toEqual(['file']);
});

it('ignoreMissing returns undefined for a missing path alone', async () => {
  expect(await ignoreMissing(nodeFileSystem.unlink(path))).toBeUndefined();
  expect(await ignoreMissing(Promise.resolve(7))).toBe(7);
  const failure = Object.assign(new Error('denied'), { code: 'EACCES' });
  await expect(ignoreMissing(Promise.reject(failure))).rejects.toBe(failure);
  expect([errorCode(failure), errorCode(undefined), errorCode(new Error('none'))]).toEqual([
    'EACCES',
    undefined,
    undefined,
  ]);
});
