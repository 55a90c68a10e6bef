import { jest } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileWriterStorage } from './writer-storage.js';

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'writer-storage-'))));
afterEach(() => rm(directory, { recursive: true }));

it('openJournal opens a journal for one process at a time', async () => {
  const journal = await fileWriterStorage(directory).openJournal('journaled');
  await expect(fileWriterStorage(directory).openJournal('journaled')).rejects.toMatchObject({
    code: 'CONNECTION',
    cause: { code: 'LOCKED' },
  });
  await journal!.close();
});

it('openJournal opens a journal left behind unless another process delivers it', async () => {
  const storage = fileWriterStorage(directory);
  expect(await storage.openJournal('acknowledged')).toBeUndefined();
  const journal = await storage.openJournal('journaled');
  await journal!.append('id', Buffer.from('x'));
  expect(await storage.openJournal('acknowledged')).toBeUndefined();
  await journal!.close();
  const again = await storage.openJournal('acknowledged');
  expect(again!.stats().pending).toBe(1);
  await again!.close();
});

it('openJournal warns of damage and keeps the intact records', async () => {
  const journal = await fileWriterStorage(directory).openJournal('journaled');
  for (const id of ['a', 'b']) await journal!.append(id, Buffer.from('x'));
  await journal!.close();
  const segment = (await readdir(join(directory, 'journal'))).find((name) => name.endsWith('.wal'))!;
  const path = join(directory, 'journal', segment);
  const bytes = await readFile(path);
  bytes[29]! ^= 1;
  await writeFile(path, bytes);
  const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
  const again = await fileWriterStorage(directory).openJournal('acknowledged');
  expect(again!.stats().pending).toBe(1);
  expect(warn.mock.calls).toEqual([
    [expect.stringContaining(`bytes 0 to 30 of ${segment} are damaged`), { code: 'QTDAL_DAMAGED' }],
  ]);
  warn.mockRestore();
  await again!.close();
});

it('openJournal rejects when the directory cannot be read', async () => {
  await writeFile(join(directory, 'journal'), '');
  await expect(fileWriterStorage(directory).openJournal('acknowledged')).rejects.toMatchObject({
    code: 'CONNECTION',
    message: expect.stringContaining(join(directory, 'journal')),
  });
});

it('all files are accessible to their owner alone whatever the umask', async () => {
  const umask = process.umask(0);
  const open = async () => {
    const storage = fileWriterStorage(directory);
    const block = { record: 'marketData', id: 'a', rowCount: 1, bytes: Buffer.from('x') } as const;
    await storage.deadLetters.add({ block, reason: { code: 'QUERY', message: 'no' }, at: 1 });
    const log = await storage.transactionLogs!.open();
    const journal = await storage.openJournal('journaled');
    await log.append('id', [Buffer.from('x')]);
    await journal!.append('id', Buffer.from('x'));
    return [log, journal!];
  };
  const paths = async () => {
    const below = await readdir(directory, { recursive: true });
    return [directory, ...below.map((path) => join(directory, path))];
  };
  const modes = async () =>
    new Set(await Promise.all((await paths()).map(async (path) => (await stat(path)).mode & 0o777)));
  const close = (logs: Awaited<ReturnType<typeof open>>) => Promise.all(logs.map((log) => log.close()));
  await close(await open());
  expect(await modes()).toEqual(new Set([0o700, 0o600]));
  for (const path of await paths()) await chmod(path, 0o777);
  await mkdir(join(directory, 'journal', 'quarantine'), { recursive: true });
  const opened = await open();
  process.umask(umask);
  expect(await modes()).toEqual(new Set([0o700, 0o600]));
  await close(opened);
});
