import { ArchiveHarness } from '../testing/archive-harness.js';

it('ships appended blocks in a segment after the interval', async () => {
  const harness = new ArchiveHarness();
  const archive = harness.open();
  await harness.append(archive, 'a');
  await harness.append(archive, 'b', { acknowledgedAt: 7 });
  expect(harness.shipped()).toEqual([]);
  expect(archive.state()).toEqual({ oldestUnshippedAt: 1_000_000, unshippedBlocks: 2, failedBy: null });
  await harness.advance(10_000);
  const [segment] = harness.segments();
  expect(segment).toMatchObject({ sequence: 1, previous: null });
  expect(segment!.entries.map(({ head }) => head)).toMatchObject([
    { id: 'a', begunAt: 1_000_000, storedAt: 1_000_000, acknowledgedAt: 1_000_000 },
    { id: 'b', begunAt: 1_000_000, storedAt: 1_000_000, acknowledgedAt: 7 },
  ]);
  expect(Buffer.from(segment!.entries[0]!.body).toString()).toBe('rows of a');
  expect(archive.state()).toEqual({ oldestUnshippedAt: null, unshippedBlocks: 0, failedBy: null });
  await harness.settle(archive.close());
});

it('ships a full segment without waiting for the interval', async () => {
  const harness = new ArchiveHarness();
  const archive = harness.open({ maxSegmentBytes: 10 });
  for (const id of ['a', 'b', 'c']) await harness.append(archive, id);
  await harness.advance(0);
  expect(harness.segments().map(({ entries }) => entries.length)).toEqual([1, 1]);
  await harness.settle(archive.close());
  const hashes = harness.segments().map(({ hash }) => hash);
  expect(harness.segments().map(({ previous }) => previous)).toEqual([null, ...hashes.slice(0, 2)]);
  expect(harness.shipped()).toEqual(['a', 'b', 'c']);
});

it('ships a large block in pieces', async () => {
  const harness = new ArchiveHarness();
  const archive = harness.open({ maxSegmentBytes: 4 });
  await harness.append(archive, 'a');
  await harness.settle(archive.close());
  const pieces = harness.segments().flatMap(({ entries }) => entries);
  expect(pieces.map(({ head }) => head.piece)).toEqual([0, 1, 2].map((index) => ({ index, count: 3 })));
  expect(Buffer.concat(pieces.map(({ body }) => body)).toString()).toBe('rows of a');
});

it('publishes while idle up to when the archive is complete', async () => {
  const harness = new ArchiveHarness();
  const archive = harness.open();
  await harness.append(archive, 'a');
  expect(harness.positions()).toMatchObject([{ completeTo: 999_999, isClosed: false, sequence: 0 }]);
  await harness.advance(10_000);
  await harness.advance(10_000);
  expect(harness.positions()).toMatchObject([
    { database: 'market', completeTo: 1_019_999, isClosed: false, sequence: 1 },
  ]);
  await harness.settle(archive.close());
  expect(harness.positions()).toMatchObject([{ isClosed: true, sequence: 1 }]);
});

it('keeps blocks during an outage and ships them after it', async () => {
  const harness = new ArchiveHarness();
  const archive = harness.open();
  await harness.append(archive, 'a');
  harness.store.isDown = true;
  await harness.advance(10_000);
  await harness.append(archive, 'b');
  expect(archive.state()).toMatchObject({ oldestUnshippedAt: 1_000_000, unshippedBlocks: 2 });
  expect(archive.state().failedBy).toContain('is down');
  expect(harness.positions()).toMatchObject([{ completeTo: 999_999 }]);
  harness.store.isDown = false;
  await harness.advance(10_000);
  expect(harness.shipped()).toEqual(['a', 'b']);
  await harness.settle(archive.close());
});

it('stores a segment again with the same bytes after a lost answer', async () => {
  const harness = new ArchiveHarness();
  const archive = harness.open();
  await harness.append(archive, 'a');
  const puts: string[] = [];
  const { put } = harness.store;
  harness.store.put = async (key, bytes) => {
    if (key.endsWith('.segment')) puts.push(Buffer.from(bytes).toString('hex'));
    await put.call(harness.store, key, bytes);
    if (puts.length === 1) throw new Error('the answer was lost');
  };
  await harness.advance(10_000);
  await harness.append(archive, 'b');
  await harness.advance(10_000);
  expect(puts[1]).toBe(puts[0]);
  expect(harness.shipped()).toEqual(['a', 'b']);
  await harness.settle(archive.close());
});

it('refuses the first write while the object store was never reached', async () => {
  const harness = new ArchiveHarness();
  harness.store.isDown = true;
  const archive = harness.open();
  await expect(harness.settle(archive.requireSpace(1))).rejects.toMatchObject({
    code: 'CONNECTION',
    retryable: true,
    message: expect.stringMatching(/memory was not reached yet: .*is down/),
  });
  harness.store.isDown = false;
  await harness.advance(10_000);
  await harness.append(archive, 'a');
  await harness.settle(archive.close());
  expect(harness.shipped()).toEqual(['a']);
});

it('refuses writes before they are sent while the spool is full', async () => {
  const harness = new ArchiveHarness();
  const archive = harness.open({ maxSpoolBytes: 1_000 });
  await harness.append(archive, 'a', { bytes: Buffer.alloc(600) });
  await expect(harness.settle(archive.requireSpace(600))).rejects.toMatchObject({
    code: 'CONNECTION',
    retryable: true,
    message: expect.stringMatching(/spool \/archive\/1 is full: \d+ of 1000 bytes/),
  });
  await harness.advance(10_000);
  await harness.append(archive, 'b', { bytes: Buffer.alloc(600) });
  await harness.settle(archive.close());
  expect(harness.shipped()).toEqual(['a', 'b']);
});

it('ships what a crashed process left and continues its sequence', async () => {
  const harness = new ArchiveHarness();
  const crashed = harness.open();
  await harness.append(crashed, 'a');
  await harness.advance(10_000);
  await harness.append(crashed, 'b');
  harness.crash();
  const next = harness.open();
  await harness.advance(0);
  expect(harness.shipped()).toEqual(['a', 'b']);
  await harness.append(next, 'c');
  await harness.settle(next.close());
  expect(harness.segments().map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(harness.positions()).toHaveLength(1);
});

it('uses a spool of its own beside another process', async () => {
  const harness = new ArchiveHarness();
  const first = harness.open();
  await harness.append(first, 'a');
  const second = harness.open();
  await harness.append(second, 'b');
  await harness.settle(Promise.all([first.close(), second.close()]));
  expect(harness.shipped().sort()).toEqual(['a', 'b']);
  expect(harness.positions()).toMatchObject([{ isClosed: true }, { isClosed: true }]);
});

it('opens no spool without a write', async () => {
  const harness = new ArchiveHarness();
  const archive = harness.open();
  await harness.advance(20_000);
  await harness.settle(archive.close());
  expect([...harness.store.objects]).toEqual([]);
});

it('closes in bounded time while the object store hangs', async () => {
  const harness = new ArchiveHarness();
  const archive = harness.open();
  await harness.append(archive, 'a');
  harness.store.onCall = () => new Promise(() => undefined);
  const closing = archive.close();
  await harness.advance(0);
  await harness.advance(10_000);
  await harness.settle(closing);
  expect(harness.shipped()).toEqual([]);
});

it('leaves blocks to the next process when they cannot be shipped', async () => {
  const harness = new ArchiveHarness();
  const archive = harness.open();
  await harness.append(archive, 'a');
  harness.store.isDown = true;
  await harness.settle(archive.close());
  await expect(archive.requireSpace(1)).rejects.toThrow('the archive is closed');
  expect(harness.positions()).toMatchObject([{ isClosed: false }]);
  harness.store.isDown = false;
  const next = harness.open();
  await harness.advance(0);
  await harness.settle(next.close());
  expect(harness.shipped()).toEqual(['a']);
  expect(harness.positions()).toMatchObject([{ isClosed: true }]);
});
