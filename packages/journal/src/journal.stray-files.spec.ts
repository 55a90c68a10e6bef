import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalEvent } from './events.js';
import { openJournal } from './journal.js';
import { ids, kilobyte } from './testing/simulation.js';

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'stray-files-'))));
afterEach(() => rm(directory, { recursive: true }));

/** Larger than a segment of the default size. */
const SPARSE_BYTES = 2 ** 28;
/** A header whose lengths are 4 GB each. */
const huge = Buffer.concat([Buffer.from('QTJ1'), Buffer.alloc(60, 255)]);

/** Kinds of files that may have the name of a segment. */
const strays: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
  ['an empty file', (path) => writeFile(path, '')],
  ['text', (path) => writeFile(path, 'no segment '.repeat(100))],
  ['a header of 4 GB', (path) => writeFile(path, huge)],
  ['a directory', (path) => mkdir(path)],
  ['a named pipe', async (path) => execFileSync('mkfifo', [path])],
  ['a hole', (path) => writeFile(path, '').then(() => truncate(path, SPARSE_BYTES))],
];

it.each(strays)(
  'every record is delivered when %s has a segment name',
  async (_, make) => {
    const journal = await openJournal({ directory });
    for (const id of ['a', 'b', 'c']) await journal.append(id, kilobyte);
    await journal.close();
    await make(join(directory, '0000000000000002-00000000.wal'));
    await make(join(directory, '9999999999999999-00000000.wal'));
    await writeFile(join(directory, 'notes.txt'), 'another file');
    const events: JournalEvent[] = [];
    const again = await openJournal({ directory, onEvent: (event) => events.push(event) });
    await again.append('d', kilobyte);
    expect(await ids(again)).toEqual(['a', 'b', 'c', 'd']);
    for (const event of events) {
      expect(event).toMatchObject({
        type: expect.stringMatching(/^(not-a-file|quarantined|tail-truncated)$/),
      });
      expect(JSON.stringify(event)).toMatch(/-00000000\.wal/);
    }
    await again.close();
  },
  60_000,
);

it('an unreadable cursor delivers from the oldest record', async () => {
  const journal = await openJournal({ directory });
  await journal.append('a', kilobyte);
  await journal.close();
  await rm(join(directory, 'cursor'));
  execFileSync('ln', ['-s', 'cursor', join(directory, 'cursor')]);
  const events: JournalEvent[] = [];
  const again = await openJournal({ directory, onEvent: (event) => events.push(event) });
  expect(await ids(again)).toEqual(['a']);
  expect(events).toEqual([{ type: 'cursor-damaged' }]);
  await again.close();
});

it('an error of the disk names the file', async () => {
  await writeFile(join(directory, 'file'), '');
  await expect(openJournal({ directory: join(directory, 'file') })).rejects.toMatchObject({
    code: 'IO',
    message: expect.stringContaining(join(directory, 'file')),
  });
});
