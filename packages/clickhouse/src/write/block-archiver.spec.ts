import { ConnectionError } from '@quantumtrade/dal-domain';
import type { ArchivedBlock, BlockArchive } from '@quantumtrade/dal-domain/operations';
import { BlockArchiver } from './block-archiver.js';

const bytes = new Uint8Array(3);
const block = { token: 'token', bytes, rowCount: 2, retried: false, isNew: true };
const failure = new ConnectionError('failed', { operation: 'test' });

class FakeArchive implements Pick<BlockArchive, 'requireSpace' | 'append'> {
  readonly appended: ArchivedBlock[] = [];
  readonly failures: unknown[] = [];
  hasSpace = true;
  async requireSpace(): Promise<void> {
    if (!this.hasSpace) throw failure;
  }
  async append(archived: ArchivedBlock): Promise<void> {
    this.appended.push(archived);
    if (this.failures.length > 0) throw this.failures.shift();
  }
}

function setUp() {
  const archive = new FakeArchive();
  const calls: string[] = [];
  let now = 100;
  const archiver = new BlockArchiver(archive, { now: () => now++ });
  const store = (work: () => Promise<string> = async () => 'stored', given = block) =>
    archiver.store('marketData', given, () => (calls.push('store'), work()), undefined);
  return { archive, calls, store };
}

it('archives a block after it is stored', async () => {
  const { archive, store } = setUp();
  let before: number | undefined;
  const result = await store(async () => {
    before = archive.appended.length;
    return 'stored';
  });
  expect([before, result]).toEqual([0, 'stored']);
  expect(archive.appended).toEqual([{ record: 'marketData', id: 'token', rowCount: 2, bytes, begunAt: 100 }]);
});

it('archives no block that was not stored', async () => {
  const { archive, store } = setUp();
  await expect(store(() => Promise.reject(failure))).rejects.toBe(failure);
  expect(archive.appended).toEqual([]);
});

it('rejects when a stored block cannot be archived', async () => {
  const { archive, store } = setUp();
  archive.failures.push(failure);
  await expect(store()).rejects.toBe(failure);
});

it('keeps the beginning of the first attempt until a block is archived', async () => {
  const { archive, store } = setUp();
  archive.failures.push(failure);
  await store(() => Promise.reject(failure)).catch(() => undefined);
  await store().catch(() => undefined);
  await store();
  await store();
  expect(archive.appended.map(({ begunAt }) => begunAt)).toEqual([100, 100, 101]);
});

it('sends no block that the archive has no space for', async () => {
  const { archive, calls, store } = setUp();
  archive.hasSpace = false;
  await expect(store()).rejects.toBe(failure);
  expect(calls).toEqual([]);
});

it('archives the time of an earlier acknowledgement', async () => {
  const { archive, store } = setUp();
  await store(undefined, { ...block, acknowledgedAt: 7 } as typeof block);
  expect(archive.appended).toMatchObject([{ acknowledgedAt: 7 }]);
});
