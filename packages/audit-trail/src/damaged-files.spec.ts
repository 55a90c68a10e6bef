import { chmod, mkdir, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAuditTrail } from './audit-trail.js';
import { MAX_LINE_BYTES } from './files/read-file.js';
import { readAuditTrail } from './read-audit-trail.js';
import { recordedTrail, TrailDirectories } from './testing/trails.js';
import { verifyAuditTrail } from './verifying/verify-audit-trail.js';

const scratch = new TrailDirectories();
afterAll(() => scratch.remove());

async function trail() {
  const directory = await scratch.directory();
  await recordedTrail(directory);
  const names = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort();
  return { directory, names };
}

const collect = async (directory: string) => {
  for await (const line of readAuditTrail(directory)) void line;
};

it('verify reports an unreadable file and checks the others', async () => {
  const { directory, names } = await trail();
  const path = join(directory, names[1]!);
  await rm(path);
  await mkdir(path);
  const report = await verifyAuditTrail(directory);
  expect(report.problems).toContainEqual({
    kind: 'unreadable',
    file: names[1],
    detail: 'the file cannot be read: ENXIO',
  });
  expect(report.records).toBeGreaterThan(0);
  await expect(collect(directory)).rejects.toMatchObject({
    name: 'AuditTrailError',
    code: 'IO',
    message: expect.stringContaining(path),
  });
});

it('an audit trail fails with AuditTrailError when its directory is a file', async () => {
  const directory = await scratch.directory();
  await writeFile(directory, '');
  for (const use of [
    () => openAuditTrail({ directory }),
    () => verifyAuditTrail(directory),
    () => collect(directory),
  ]) {
    await expect(use()).rejects.toMatchObject({ name: 'AuditTrailError', code: 'IO' });
  }
});

it.each<[string, (path: string) => Promise<unknown>]>([
  ['empty', (path) => truncate(path, 0)],
  ['a hole of many lines', (path) => truncate(path, 0).then(() => truncate(path, 4 * MAX_LINE_BYTES))],
  ['text without an end', (path) => writeFile(path, 'x'.repeat(2 * MAX_LINE_BYTES))],
])('verify uses bounded memory when head or file is %s', async (_, damage) => {
  const { directory, names } = await trail();
  await damage(join(directory, names[0]!));
  const report = await verifyAuditTrail(directory);
  expect(report.ok).toBe(false);
  expect(report.problems.some(({ file }) => file === names[0] || file === names[1])).toBe(true);
  await damage(join(directory, 'head'));
  expect((await verifyAuditTrail(directory)).problems).toContainEqual(
    expect.objectContaining({ kind: 'head-mismatch', file: 'head' }),
  );
  await expect(openAuditTrail({ directory })).rejects.toMatchObject({ name: 'AuditTrailError' });
});

it('verify ignores files with other names', async () => {
  const { directory, names } = await trail();
  await writeFile(join(directory, 'notes.txt'), 'x');
  await writeFile(join(directory, `${names[0]}.bak`), 'x');
  expect(await verifyAuditTrail(directory)).toMatchObject({ ok: true });
  await rename(join(directory, names[0]!), join(directory, 'lost.jsonl'));
  expect((await verifyAuditTrail(directory)).ok).toBe(false);
});

it('an entry longer than a line counts as failed', async () => {
  const directory = await scratch.directory();
  const opened = await openAuditTrail({ directory });
  await opened.record({ text: 'x'.repeat(MAX_LINE_BYTES) });
  await opened.record({ text: 'short' });
  expect(opened.stats()).toMatchObject({ recorded: 1, failed: 1 });
  await opened.close();
  expect(await verifyAuditTrail(directory)).toMatchObject({ ok: true });
});

it('an audit trail is accessible to its owner alone for any umask', async () => {
  const umask = process.umask(0);
  const { directory } = await trail();
  const entries = async () => [directory, ...(await readdir(directory)).map((name) => join(directory, name))];
  const modes = async () =>
    new Set(await Promise.all((await entries()).map(async (path) => (await stat(path)).mode & 0o777)));
  expect(await modes()).toEqual(new Set([0o700, 0o600]));
  for (const path of await entries()) await chmod(path, 0o777);
  await (await openAuditTrail({ directory })).close();
  process.umask(umask);
  expect(await modes()).toEqual(new Set([0o700, 0o600]));
});
