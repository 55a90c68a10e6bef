import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSource } from './file-source.js';

const directory = mkdtempSync(join(tmpdir(), 'secret-files-'));
const path = join(directory, 'secret');
const source = new FileSource();

afterAll(() => rmSync(directory, { recursive: true }));

it.each([
  ['hunter2', 'hunter2'],
  ['hunter2\n', 'hunter2'],
  ['hunter2\r\n', 'hunter2'],
  ['two\nlines\n\n', 'two\nlines\n'],
  [' spaces ', ' spaces '],
  ['ünï', 'ünï'],
  ['x'.repeat(65_536), 'x'.repeat(65_536)],
])('a file with %j is a secret without its last line end', async (content, text) => {
  writeFileSync(path, content);
  expect(await source.fetch(path)).toBe(text);
});

it('a link to a file, as Kubernetes makes it, is followed', async () => {
  writeFileSync(path, 'hunter2');
  symlinkSync(path, join(directory, 'link'));
  expect(await source.fetch(join(directory, 'link'))).toBe('hunter2');
});

it.each([
  ['is missing', () => join(directory, 'none'), 'the file does not exist'],
  ['is below another file', () => join(path, 'none'), 'the file does not exist'],
  ['is relative', () => 'secret', 'expected an absolute path'],
  ['is a directory', () => directory, 'expected a regular file'],
  [
    'is a pipe',
    () => (execFileSync('mkfifo', [join(directory, 'pipe')]), join(directory, 'pipe')),
    'expected a regular file',
  ],
  [
    'is too large',
    () => (writeFileSync(path, 'x'.repeat(65_537)), path),
    'the file is larger than 65536 bytes',
  ],
  ['is no text', () => (writeFileSync(path, Buffer.of(0xff, 0xfe)), path), 'the file is not UTF-8'],
  ['has no end', () => '/dev/zero', 'expected a regular file'],
])('a file is refused with the reason when it %s', async (_, make, reason) => {
  writeFileSync(path, 'hunter2');
  await expect(source.fetch(make())).rejects.toMatchObject({ name: 'SecretError', reason });
});

(process.getuid?.() === 0 ? it.skip : it)('a file that may not be read is refused', async () => {
  writeFileSync(path, 'hunter2');
  chmodSync(path, 0o000);
  await expect(source.fetch(path)).rejects.toMatchObject({
    reason: 'the file may not be read by this process',
  });
});
