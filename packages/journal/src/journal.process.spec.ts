import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Random, seeds, startChild } from '@quantumtrade/dal-testing';
import { openJournal } from './journal.js';
import { payloadOf } from './testing/payload-of.js';

const appendLoop = new URL('testing/append-loop.ts', import.meta.url);
const lockLoop = new URL('testing/lock-loop.ts', import.meta.url);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'journal-'));
});
afterEach(() => rm(directory, { recursive: true }));

it('a journal has every acknowledged record of killed processes', async () => {
  const acknowledged = new Set<string>();
  for (const seed of seeds(10)) {
    const child = await startChild(appendLoop, directory, String(seed));
    await child.started;
    await delay(new Random(seed).below(100));
    child.process.kill('SIGKILL');
    // The last line may be incomplete.
    for (const id of (await child.output).split('\n').slice(0, -1)) acknowledged.add(id);

    const journal = await openJournal({ directory });
    const newest = new Map<string, number>();
    for await (const { id, payload } of journal.read({ follow: false })) {
      const [prefix = '', number = ''] = id.split(':');
      if (Number(number) <= (newest.get(prefix) ?? -1))
        throw new Error(`QT_SEED=${seed}: ${id} is out of order`);
      if (!payloadOf(id).equals(payload)) throw new Error(`QT_SEED=${seed}: ${id} came with other bytes`);
      newest.set(prefix, Number(number));
      acknowledged.delete(id);
    }
    await journal.close();
    expect({ seed, lost: [...acknowledged] }).toEqual({ seed, lost: [] });
    expect(newest.get(String(seed))).toBeGreaterThan(0);
  }
}, 120_000);

it('one journal at a time has a directory, across processes', async () => {
  const child = await startChild(appendLoop, directory, 'child');
  await child.started;
  await expect(openJournal({ directory })).rejects.toMatchObject({
    code: 'LOCKED',
    message: expect.stringContaining(String(child.process.pid)),
  });
  child.process.kill('SIGKILL');
  await child.output;
  const journal = await openJournal({ directory });
  await expect(openJournal({ directory })).rejects.toMatchObject({ code: 'LOCKED' });
  await journal.close();
  await (await openJournal({ directory })).close();
  expect((await readdir(directory)).filter((name) => name.endsWith('.sock'))).toEqual([]);
}, 30_000);

it('a directory stays locked while its holder is suspended', async () => {
  const child = await startChild(appendLoop, directory, 'child');
  await child.started;
  child.process.kill('SIGSTOP');
  await expect(openJournal({ directory })).rejects.toMatchObject({ code: 'LOCKED' });
  child.process.kill('SIGKILL');
  await child.output;
}, 30_000);

it('no two processes hold the lock when holders release or die', async () => {
  for (let round = 0; round < 3; round++) {
    await rm(join(directory, 'held'), { force: true });
    const dying = await startChild(lockLoop, directory, '1', 'die');
    await dying.output;
    const contenders = await Promise.all(
      Array.from({ length: 4 }, () => startChild(lockLoop, directory, '15')),
    );
    expect(await Promise.all(contenders.map(({ output }) => output))).toEqual(Array(4).fill('done\n'));
  }
}, 120_000);

it('a directory with a path too long for sockets is locked', async () => {
  const deep = join(directory, 'x'.repeat(60), 'y'.repeat(60), 'z'.repeat(60));
  await mkdir(deep, { recursive: true });
  const journal = await openJournal({ directory: deep });
  expect((await readdir(deep)).filter((name) => name.startsWith('lock-'))).toHaveLength(1);
  await expect(openJournal({ directory: deep })).rejects.toMatchObject({ code: 'LOCKED' });
  await journal.close();
  expect((await readdir(deep)).filter((name) => name.endsWith('.sock'))).toEqual([]);
});

it('an open journal does not keep its process alive', async () => {
  const script = `const { openJournal } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    await openJournal({ directory: ${JSON.stringify(directory)} });`;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@quantumtrade/source', '--input-type=module', '-e', script],
    {
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  );
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
}, 30_000);
