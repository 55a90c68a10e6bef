import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nodeFileSystem } from '@quantumtrade/dal-runtime/fs';
import { Random, startChild } from '@quantumtrade/dal-testing';
import { openAuditTrail, type AuditTrailEvent } from './audit-trail.js';
import { readAuditTrail } from './read-audit-trail.js';
import { filesOf, TrailDirectories } from './testing/trails.js';
import { verifyAuditTrail } from './verifying/verify-audit-trail.js';

const scratch = new TrailDirectories();
afterAll(() => scratch.remove());

const runs = Number(process.env['QT_RUNS'] ?? 8);
const seed = Number(process.env['QT_SEED'] ?? Date.now() % 1_000_000);

/** Starts a process that records entries named `<prefix>:<number>` and prints each name when it is durable. */
const startRecording = (directory: string, prefix: string, entries = Infinity) =>
  startChild(new URL('testing/record-loop.ts', import.meta.url), directory, prefix, String(entries));

async function recorded(directory: string): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const { entry } of readAuditTrail(directory)) names.add(String(entry['batchId']));
  return names;
}

/** Returns the complete lines of an output. */
const acknowledged = (output: string): string[] => output.split('\n').slice(0, -1);

it('a killed process loses no acknowledged entry and looks untampered', async () => {
  process.stderr.write(`QT_SEED=${seed}\n`);
  const random = new Random(seed);
  const directory = await scratch.directory();
  const expected: string[] = [];
  for (let run = 0; run < runs; run++) {
    const child = await startRecording(directory, String(run));
    await child.started;
    await delay(random.below(120));
    child.process.kill('SIGKILL');
    expected.push(...acknowledged(await child.output));
    const report = await verifyAuditTrail(directory);
    expect({ run, problems: report.problems }).toEqual({ run, problems: [] });
    const names = await recorded(directory);
    expect(expected.filter((name) => !names.has(name))).toEqual([]);
  }
  expect(expected.length).toBeGreaterThan(runs);
}, 120_000);

it('a crash at any byte is repaired and not reported as tampering', async () => {
  process.stderr.write(`QT_SEED=${seed}\n`);
  const random = new Random(seed);
  const base = await scratch.directory();
  const trail = await openAuditTrail({ directory: base });
  await trail.record({ batchId: 'before' });
  await trail.close();
  const before = await filesOf(base);
  const name = [...before.keys()][0]!;
  // The head as it announces three lines, taken from a process that dies while it writes them.
  let announced: Buffer | undefined;
  const dying = await openAuditTrail({
    directory: base,
    fs: {
      ...nodeFileSystem,
      open: async (path, mode) => {
        if (path.endsWith('.jsonl') && mode === 'write') announced ??= await readFile(join(base, 'head'));
        return nodeFileSystem.open(path, mode);
      },
    },
  });
  await Promise.all(['a', 'b', 'c'].map((batchId) => dying.record({ batchId, padding: 'x'.repeat(200) })));
  const whole = (await filesOf(base)).get(name)!;
  const start = before.get(name)!.length;
  const cuts = Array.from({ length: 40 }, () => start + random.below(whole.length - start));
  for (const cut of [start, start + 1, whole.length - 1, whole.length, ...cuts]) {
    const directory = await scratch.directory(
      new Map([
        [name, whole.subarray(0, cut)],
        ['head', announced!],
      ]),
    );
    const lines = whole.subarray(start, cut).toString().split('\n').length - 1;
    const torn = cut - (whole.subarray(0, cut).lastIndexOf('\n') + 1);
    const unacknowledged = { lines, tornBytes: torn };
    expect(await verifyAuditTrail(directory)).toMatchObject({ ok: true, records: 1, unacknowledged });
    const events: AuditTrailEvent[] = [];
    const again = await openAuditTrail({ directory, onEvent: (event) => void events.push(event) });
    expect(events).toEqual([{ kind: 'recovered', keptLines: lines, tornBytes: torn }]);
    await again.record({ batchId: 'after' });
    await again.close();
    expect([...(await recorded(directory))]).toEqual(['before', ...['a', 'b', 'c'].slice(0, lines), 'after']);
    expect(await verifyAuditTrail(directory)).toMatchObject({ ok: true, records: lines + 2 });
  }

  // Bytes that the head did not announce are no trace of a crash.
  const other = '9999999999999999-2026-01-01.jsonl';
  const stray = [
    new Map([[name, Buffer.concat([whole, Buffer.from('x')])]]),
    new Map([
      [name, whole.subarray(0, start)],
      [other, Buffer.from('x')],
    ]),
  ];
  for (const files of stray) {
    const directory = await scratch.directory(files.set('head', announced!));
    expect((await verifyAuditTrail(directory)).problems).toMatchObject([{ kind: 'inserted' }]);
  }
  const longer = await scratch.directory(stray[0]);
  await expect(openAuditTrail({ directory: longer })).rejects.toMatchObject({ code: 'DAMAGED' });
}, 60_000);

it('several processes record one chain while it is verified', async () => {
  const directory = await scratch.directory();
  const children = await Promise.all(['a', 'b', 'c'].map((prefix) => startRecording(directory, prefix, 40)));
  await Promise.all(children.map(({ started }) => started));
  let running = true;
  const outputs = Promise.all(children.map(({ output }) => output)).finally(() => (running = false));
  while (running) {
    expect(await verifyAuditTrail(directory)).toMatchObject({ ok: true });
    await delay(20);
  }
  const names = await recorded(directory);
  expect((await outputs).flatMap(acknowledged).filter((name) => names.has(name))).toHaveLength(120);
  expect(await verifyAuditTrail(directory)).toMatchObject({ ok: true, records: 120 });
}, 120_000);
