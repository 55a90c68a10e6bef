import { type FileSystem, nodeFileSystem } from '@quantumtrade/dal-runtime/fs';
import { openAuditTrail, type AuditTrail, type AuditTrailEvent } from './audit-trail.js';
import type { AuditLine } from './format/line.js';
import { filesOf, TrailDirectories } from './testing/trails.js';
import { verifyAuditTrail } from './verifying/verify-audit-trail.js';

const scratch = new TrailDirectories();
afterAll(() => scratch.remove());

const entry = {
  at: 1,
  actor: 'ann',
  operation: 'marketData.insert',
  batchId: 'b-1',
  insertedCount: 3,
  outcome: 'ok',
};

async function linesOf(trail: AuditTrail): Promise<AuditLine[]> {
  const lines: AuditLine[] = [];
  for await (const line of trail.entries()) lines.push(line);
  return lines;
}

/** Returns the machine's file system with operations that a test makes fail. */
function failingFs(): { fs: FileSystem; fail: (operation: 'write' | 'sync' | undefined) => void } {
  let failing: string | undefined;
  const check = (operation: string) => {
    if (failing === operation) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
  };
  const open: FileSystem['open'] = async (path, mode) => {
    const file = await nodeFileSystem.open(path, mode);
    if (!path.endsWith('.jsonl') || mode === 'read') return file;
    return {
      size: () => file.size(),
      read: (buffer, position) => file.read(buffer, position),
      truncate: (size) => file.truncate(size),
      close: () => file.close(),
      async write(buffers, position) {
        if (failing === 'write') await file.write([buffers[0]!.subarray(0, 40)], position);
        check('write');
        return file.write(buffers, position);
      },
      async sync() {
        check('sync');
        await file.sync();
      },
    };
  };
  return { fs: { ...nodeFileSystem, open }, fail: (operation) => (failing = operation) };
}

it('entries are stored in order, each with the previous hash', async () => {
  const directory = await scratch.directory();
  const trail = await openAuditTrail({ directory, clock: { now: () => 86_400_000 } });
  await trail.record(entry);
  await Promise.all([
    trail.record({ ...entry, batchId: 'b-2' }),
    trail.record({ ...entry, large: 10n ** 20n }),
  ]);
  const lines = await linesOf(trail);
  expect(lines.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(lines[0]).toMatchObject({ time: '1970-01-02T00:00:00.000Z', entry });
  expect(lines[2]?.entry['large']).toBe('100000000000000000000');
  expect(lines.slice(1).map(({ previous }) => previous)).toEqual(lines.slice(0, -1).map(({ hash }) => hash));
  expect(await trail.head()).toEqual({ sequence: 3, hash: lines[2]?.hash });
  expect(await trail.verify()).toMatchObject({ ok: true, records: 3, keyed: false });
  expect(trail.stats()).toEqual({ recorded: 3, failed: 0, unreported: 0 });
  await trail.close();
  expect([...(await filesOf(directory)).keys()]).toEqual(['0000000000000001-1970-01-02.jsonl', 'head']);
});

it('a reopened trail continues in a new file by size and day', async () => {
  const directory = await scratch.directory();
  for (const day of [0, 0, 1]) {
    const trail = await openAuditTrail({
      directory,
      clock: { now: () => day * 86_400_000 },
      maxFileBytes: 500,
    });
    await trail.record(entry);
    await trail.record(entry);
    await trail.close();
  }
  const names = [...(await filesOf(directory)).keys()];
  expect(names).toEqual([
    '0000000000000001-1970-01-01.jsonl',
    '0000000000000003-1970-01-01.jsonl',
    '0000000000000005-1970-01-02.jsonl',
    'head',
  ]);
  expect(await verifyAuditTrail(directory)).toMatchObject({ ok: true, records: 6 });
});

it.each(['write', 'sync'] as const)('a gap entry reports entries lost by a failed %s', async (operation) => {
  const directory = await scratch.directory();
  const events: AuditTrailEvent[] = [];
  const { fs, fail } = failingFs();
  const trail = await openAuditTrail({ directory, fs, onEvent: (event) => void events.push(event) });
  await trail.record(entry);
  fail(operation);
  await trail.record({ ...entry, batchId: 'lost' });
  await Promise.all([trail.record(entry), trail.record(entry)]);
  expect(trail.stats()).toEqual({ recorded: 1, failed: 3, unreported: 3 });
  expect(events.filter(({ kind }) => kind === 'failed')).toMatchObject([
    { entries: 1, error: { code: 'ENOSPC' } },
    { entries: 2, error: { code: 'ENOSPC' } },
  ]);
  expect(await trail.verify()).toMatchObject({ ok: true, records: 1 });
  fail(undefined);
  await trail.record({ ...entry, batchId: 'after' });
  const entries = (await linesOf(trail)).map((line) => line.entry);
  expect(entries).toMatchObject([
    { batchId: 'b-1' },
    { operation: 'audit.gap', failedCount: 3, outcome: 'ENOSPC' },
    { batchId: 'after' },
  ]);
  expect(trail.stats()).toEqual({ recorded: 2, failed: 3, unreported: 0 });
  expect(await trail.verify()).toMatchObject({
    ok: true,
    records: 3,
    unacknowledged: { lines: 0, tornBytes: 0 },
  });
  await trail.close();
});

it('close records the gap entry at the latest', async () => {
  const directory = await scratch.directory();
  const { fs, fail } = failingFs();
  const trail = await openAuditTrail({ directory, fs });
  fail('write');
  await trail.record(entry);
  fail(undefined);
  await trail.close();
  expect((await linesOf(trail)).map((line) => line.entry['operation'])).toEqual(['audit.gap']);
});

it('record never rejects', async () => {
  const directory = await scratch.directory();
  const onEvent = () => {
    throw new Error('listener');
  };
  const trail = await openAuditTrail({ directory, onEvent });
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  await trail.record(circular);
  await trail.close();
  await trail.record(entry);
  expect(trail.stats().failed).toBe(2);
});

it('record copies the entry when it is called', async () => {
  const trail = await openAuditTrail({ directory: await scratch.directory() });
  const mutable = { operation: 'before' };
  const recording = trail.record(mutable);
  mutable.operation = 'after';
  await recording;
  expect((await linesOf(trail))[0]?.entry).toEqual({ operation: 'before' });
  await trail.close();
});

it('a trail with a changed end is not opened', async () => {
  const directory = await scratch.directory();
  const trail = await openAuditTrail({ directory });
  await trail.record(entry);
  const files = await filesOf(directory);
  const [name = '', content = Buffer.alloc(0)] = [...files][0] ?? [];
  const cut = new Map(files).set(name, content.subarray(0, -5));
  const headless = new Map([...files].filter(([file]) => file !== 'head'));
  for (const tampered of [cut, headless]) {
    const copy = await scratch.directory(tampered);
    await expect(openAuditTrail({ directory: copy })).rejects.toMatchObject({ name: 'AuditTrailError' });
    expect(await filesOf(copy)).toEqual(tampered);
  }
  await trail.close();
});

it('a trail requires the key it was begun with', async () => {
  const directory = await scratch.directory();
  const trail = await openAuditTrail({ directory, key: 'k' });
  await trail.record(entry);
  expect(await trail.verify()).toMatchObject({ ok: true, keyed: true });
  await trail.close();
  await expect(openAuditTrail({ directory })).rejects.toMatchObject({ code: 'KEY' });
  await expect(openAuditTrail({ directory, key: 'other' })).rejects.toMatchObject({ code: 'DAMAGED' });
  expect(await verifyAuditTrail(directory)).toMatchObject({
    ok: false,
    problems: [{ kind: 'head-mismatch' }],
  });
  expect(await verifyAuditTrail(directory, { key: 'other' })).toMatchObject({ ok: false });
  const unkeyed = await scratch.directory();
  await (await openAuditTrail({ directory: unkeyed })).close();
  await expect(openAuditTrail({ directory: unkeyed, key: 'k' })).rejects.toMatchObject({ code: 'KEY' });
  expect(await verifyAuditTrail(unkeyed, { key: 'k' })).toMatchObject({ ok: false });
});

it('verify rejects when there is no trail', async () => {
  const directory = await scratch.directory();
  await expect(verifyAuditTrail(directory)).rejects.toMatchObject({ code: 'MISSING' });
});
