import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from './journal.js';

let directory: string;
let umask: number;
beforeEach(async () => {
  umask = process.umask(0);
  directory = await mkdtemp(join(tmpdir(), 'journal-access-'));
});
afterEach(async () => {
  process.umask(umask);
  await rm(directory, { recursive: true });
});

/** Returns the permissions of all entries below a directory by path. */
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

it('a journal is accessible to its owner alone for any umask', async () => {
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

it('opening a journal restricts access that an earlier version left open', async () => {
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

async function takeOne<T>(items: AsyncIterable<T>): Promise<T[]> {
  for await (const item of items) return [item];
  return [];
}
