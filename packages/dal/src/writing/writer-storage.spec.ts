import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileWriterStorage } from './writer-storage.js';

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'writer-storage-'))));
afterEach(() => rm(directory, { recursive: true }));

it('there is a journal where one is wanted, and for one process at a time', async () => {
  const journal = await fileWriterStorage(directory).openJournal('journaled');
  await expect(fileWriterStorage(directory).openJournal('journaled')).rejects.toMatchObject({
    code: 'CONNECTION',
    cause: { code: 'LOCKED' },
  });
  await journal!.close();
});

it('a journal left behind is opened where none is wanted, unless another process delivers it', async () => {
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
