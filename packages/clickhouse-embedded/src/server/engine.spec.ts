import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Engine } from './engine.js';

const script = fileURLToPath(new URL('../testing/fake-engine.mjs', import.meta.url));

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'engine-'))));
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs an engine whose starts fail (f), succeed and end (d), or succeed and stay (s); counts the successful starts. */
function engineOf(fates: string) {
  writeFileSync(join(directory, 'fates'), fates);
  const portsFile = join(directory, 'ports');
  const args = [join(directory, 'fates'), portsFile];
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  const command = { library: '', args, removeAtEnd: '' };
  const engine = new Engine({ command, portsFile, dataDirectory: directory, script, pause });
  let starts = 0;
  const ended = engine.run(() => starts++);
  return { engine, ended, pauses, starts: () => starts };
}

describe('supervised engine', () => {
  it('engine is given up when its first start fails', async () => {
    const { ended, pauses } = engineOf('fs');
    await ended;
    expect(pauses).toEqual([]);
  });

  it('engine is given up after five failed starts in a row', async () => {
    const { ended, pauses, starts } = engineOf('dffffdfffffs');
    await ended;
    expect(starts()).toBe(2);
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000, 2000, 2000]);
  });

  it('engine is restarted when it ends many times', async () => {
    const { engine, ended, starts } = engineOf('dddddddds');
    while (starts() < 9) await sleep(5);
    await engine.kill();
    await ended;
  });

  it('callers wait a limited time for the next start', async () => {
    const { engine, ended } = engineOf('s');
    await expect(engine.ports(0)).rejects.toThrow('not up');
    await expect(engine.ports(1)).rejects.toThrow('not up');
    const waiting = await Promise.all([engine.ports(10_000), engine.ports(10_000)]);
    expect(waiting[0]).toEqual(waiting[1]);
    await engine.kill();
    await ended;
  });
});
