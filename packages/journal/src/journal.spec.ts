import fc from 'fast-check';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@quantumtrade/dal-testing';
import { openJournal } from './journal.js';
import { drain, ids, kilobyte, JournalSimulation, turns } from './testing/simulation.js';

let sim: JournalSimulation;
let directory: string;

beforeEach(async () => {
  sim = new JournalSimulation();
  directory = await mkdtemp(join(tmpdir(), 'journal-'));
});
afterEach(() => rm(directory, { recursive: true }));

it('a reopened journal delivers the appended bytes on the real disk', async () => {
  const payload = new Random(7).bytes(100_000);
  const first = await openJournal({ directory: join(directory, 'a', 'b') });
  await first.append('whole', payload);
  await first.append('in pieces', [payload.subarray(0, 7), payload.subarray(7)]);
  await first.append('empty', []);
  await first.close();

  const second = await openJournal({ directory: join(directory, 'a', 'b') });
  await second.append('ünicode', Buffer.from('x'));
  const records = [];
  for await (const record of second.read({ follow: false })) records.push(record);
  expect(records.map(({ id }) => id)).toEqual(['whole', 'in pieces', 'empty', 'ünicode']);
  expect(records.map(({ payload: { length } }) => length)).toEqual([100_000, 100_000, 0, 1]);
  expect(payload.equals(records[0]!.payload) && payload.equals(records[1]!.payload)).toBe(true);
  await second.close();
});

it('a journal continues after the cursor and removes delivered segments', async () => {
  const journal = await openJournal({ directory, segmentBytes: 2000 });
  for (const id of ['a', 'b', 'c', 'd']) await journal.append(id, kilobyte);
  const records = await drain(journal);
  await journal.advance(records[2]!.position);
  expect(journal.stats()).toMatchObject({ segments: 1, pending: 1, cursor: records[2]!.position });
  await journal.close();
  expect((await readdir(directory)).filter((name) => name.endsWith('.wal'))).toHaveLength(1);

  const again = await openJournal({ directory });
  expect(await ids(again)).toEqual(['d']);
  await again.advance(records[3]!.position);
  await again.append('e', kilobyte);
  expect(await ids(again)).toEqual(['e']);
  await again.close();
});

it('advance makes the cursor durable before it removes a segment', async () => {
  const journal = await sim.open({ segmentBytes: 100 });
  for (const id of ['a', 'b']) await journal.append(id, kilobyte);
  const operations: string[] = [];
  sim.disk.onOperation = (operation, name) => operations.push(`${operation} ${name}`);
  await journal.advance(1);
  const [syncedCursor, renamed, durable, removed] = [
    'sync cursor.tmp',
    'rename cursor',
    'syncDirectory j',
    'unlink 0000',
  ].map((operation) => operations.findIndex((done) => done.startsWith(operation)));
  expect([syncedCursor, renamed, durable, removed]).toEqual(
    [syncedCursor, renamed, durable, removed].sort((a, b) => a! - b!),
  );
  expect(syncedCursor).toBeGreaterThanOrEqual(0);
});

it('concurrent appends share one sync', async () => {
  const journal = await sim.open();
  let syncs = 0;
  sim.disk.onOperation = (operation) => (syncs += operation === 'sync' ? 1 : 0);
  await Promise.all(Array.from({ length: 500 }, (_, i) => journal.append(String(i), kilobyte)));
  expect(syncs).toBe(1);
  expect(journal.stats().lastSyncMs).toBeGreaterThanOrEqual(0);
});

it('records keep the order of the calls for any grouping', async () => {
  const sizes = fc.array(fc.array(fc.nat(3000), { maxLength: 20 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer(), async (bursts, seed) => {
      const random = new Random(seed);
      sim = new JournalSimulation(random);
      sim.disk.faults.shortWrite = 0.3;
      const journal = await sim.open({ segmentBytes: 4000 });
      const appends: Promise<void>[] = [];
      for (const burst of bursts) {
        for (const size of burst) appends.push(journal.append(String(appends.length), Buffer.alloc(size)));
        if (random.chance(0.5)) await turns(random.below(3));
      }
      await Promise.all(appends);
      expect(await ids(journal)).toEqual(appends.map((_, i) => String(i)));
    }),
    { numRuns: 50, ...(process.env['QT_SEED'] && { seed: Number(process.env['QT_SEED']) }) },
  );
});

it('read waits for new records until its signal or close', async () => {
  const journal = await sim.open();
  const stop = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { id } of journal.read({ signal: stop.signal })) seen.push(id);
  })();
  const untilClosed = (async () => {
    for await (const { id } of journal.read()) seen.push(id);
  })();
  await turns();
  await journal.append('a', kilobyte);
  await turns();
  expect(seen).toEqual(['a', 'a']);
  stop.abort();
  await reading;
  await journal.append('b', kilobyte);
  await turns();
  expect(seen).toEqual(['a', 'a', 'b']);
  await journal.close();
  await untilClosed;
});

it('appends wait in order while the journal is full', async () => {
  const journal = await sim.open({ maxBytes: 4 * 1100 });
  const done: string[] = [];
  const appends = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) =>
    journal.append(id, kilobyte).then(() => done.push(id)),
  );
  await turns();
  expect(done).toEqual(['a', 'b', 'c', 'd']);
  expect(journal.stats().waiting).toBe(2);
  await journal.advance((await drain(journal))[1]!.position);
  await Promise.all(appends);
  expect(await ids(journal)).toEqual(['c', 'd', 'e', 'f']);
});

it('advance frees space when everything is in the open segment', async () => {
  const journal = await sim.open({ maxBytes: 1100 });
  for (const id of ['a', 'b', 'c']) {
    const append = journal.append(id, kilobyte);
    await turns();
    const [record] = await drain(journal);
    expect(record!.id).toBe(id);
    await append;
    await journal.advance(record!.position);
  }
});

it('an append rejected by its limits while waiting is never delivered', async () => {
  const journal = await sim.open({ maxBytes: 1100 });
  await journal.append('kept', kilobyte);
  const stop = new AbortController();
  const late = journal.append('late', kilobyte, { deadline: sim.clock.now() + 50 });
  const aborted = journal.append('aborted', kilobyte, { signal: stop.signal });
  const small = journal.append('small', Buffer.from('s'));
  const outcomes = Promise.allSettled([late, aborted]);
  await turns();
  sim.clock.advance(50);
  stop.abort(new Error('enough'));
  expect(await outcomes).toMatchObject([
    { reason: { code: 'TIMEOUT', mayBeJournaled: false } },
    { reason: { message: 'enough' } },
  ]);
  await small;
  expect(await ids(journal)).toEqual(['kept', 'small']);
});

it('an aborted signal ends every append that shares it', async () => {
  const journal = await sim.open({ maxBytes: 1100 });
  await journal.append('kept', kilobyte);
  const stop = new AbortController();
  const appends = Array.from({ length: 50 }, (_, i) =>
    journal.append(String(i), kilobyte, { signal: stop.signal }),
  );
  const outcomes = Promise.allSettled(appends);
  await turns();
  stop.abort();
  expect((await outcomes).map(({ status }) => status)).toEqual(Array(50).fill('rejected'));
  expect(journal.stats().waiting).toBe(0);
  await expect(journal.append('late', kilobyte, { signal: stop.signal })).rejects.toBe(stop.signal.reason);
});

it('an append rejects at its deadline while the disk stalls', async () => {
  const journal = await sim.open();
  await journal.append('first', kilobyte);
  const resume = sim.disk.stall();
  const append = journal.append('stalled', kilobyte, { deadline: sim.clock.now() + 50 });
  const outcome = expect(append).rejects.toMatchObject({ code: 'TIMEOUT', mayBeJournaled: true });
  await turns();
  sim.clock.advance(50);
  await outcome;
  resume();
  await turns();
  expect(await ids(journal)).toEqual(['first', 'stalled']);
});

it('append rejects records that can never fit', async () => {
  const journal = await sim.open({ maxBytes: 1000 });
  await expect(journal.append('a', kilobyte)).rejects.toMatchObject({
    code: 'TOO_LARGE',
    mayBeJournaled: false,
  });
  await expect(journal.append('\ud800', Buffer.alloc(1))).rejects.toMatchObject({ code: 'INVALID' });
  await expect(journal.append('x'.repeat(70_000), Buffer.alloc(1))).rejects.toMatchObject({
    code: 'INVALID',
  });
  await expect(journal.append('a', Buffer.alloc(1), { deadline: sim.clock.now() })).rejects.toMatchObject({
    code: 'TIMEOUT',
  });
  await expect(journal.advance(1)).rejects.toMatchObject({ code: 'INVALID' });
  await expect(sim.open({ maxBytes: 0 })).rejects.toMatchObject({ code: 'INVALID' });
});

it('close rejects appends that wait for space and finishes the others', async () => {
  const journal = await sim.open({ maxBytes: 1100 });
  const kept = journal.append('kept', kilobyte);
  const waiting = journal.append('waiting', kilobyte);
  const outcomes = Promise.allSettled([kept, waiting]);
  await Promise.all([journal.close(), journal.close({ deadline: sim.clock.now() + 1000 })]);
  expect(await outcomes).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'CLOSED' } }]);
  await expect(journal.append('after', kilobyte)).rejects.toMatchObject({ code: 'CLOSED' });
  await expect(journal.advance(1)).rejects.toMatchObject({ code: 'CLOSED' });
  expect(await ids(await sim.open())).toEqual(['kept']);
});

it('a close past its deadline keeps the directory until the disk answers', async () => {
  const journal = await sim.open();
  await journal.append('first', kilobyte);
  const resume = sim.disk.stall();
  const append = journal.append('stalled', kilobyte);
  await turns();
  const closing = expect(journal.close({ deadline: sim.clock.now() + 50 })).rejects.toMatchObject({
    code: 'TIMEOUT',
  });
  sim.clock.advance(50);
  await closing;
  const tooEarly = expect(sim.open()).rejects.toMatchObject({ code: 'LOCKED' });
  resume();
  await tooEarly;
  await append;
  await journal.close();
  expect(await ids(await sim.open())).toEqual(['first', 'stalled']);
});

it('a journal ignores listener errors and other files', async () => {
  await writeFile(join(directory, 'README'), 'mine');
  await writeFile(join(directory, 'cursor'), 'not a cursor at all');
  const journal = await openJournal({
    directory,
    onEvent: () => {
      throw new Error('the listener is broken');
    },
  });
  expect(journal.stats().cursor).toBe(0);
  await journal.close();
  expect(await readdir(directory)).toContain('README');
});
