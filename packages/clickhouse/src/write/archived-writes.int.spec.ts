import { ConnectionError } from '@quantumtrade/dal-domain';
import type { ArchivedBlock, BlockArchive } from '@quantumtrade/dal-domain/operations';
import { barRows } from '../testing/native-records.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';

let own: OwnBackend;
const archived: ArchivedBlock[] = [];
const failures: unknown[] = [];
const archive: BlockArchive = {
  state: () => ({ oldestUnshippedAt: null, unshippedBlocks: 0, failedBy: null }),
  requireSpace: () => Promise.resolve(),
  append: async (block) => {
    if (failures.length > 0) throw failures.shift();
    archived.push({ ...block, bytes: Uint8Array.from(block.bytes) });
  },
};

beforeAll(async () => {
  own = await openOwnBackend({ maxInsertBlockSize: 100 }, { archive });
});
afterAll(() => own.close());
beforeEach(async () => {
  archived.length = 0;
  await own.sql.command('test', 'TRUNCATE TABLE market_data');
});

const count = async () =>
  (await own.sql.rows<{ rows: number }>('test', 'SELECT toUInt32(count()) AS rows FROM market_data'))[0]!
    .rows;

function collect(rows: number) {
  const collector = own.backend.blocks.collect('marketData');
  collector.append({ source: 'vendor', records: barRows(rows) });
  return collector.finish()[0]!;
}

it('archives the blocks of an insert', async () => {
  await own.backend.marketData.insert({ source: 'vendor', records: barRows(250) });
  expect(archived.map(({ rowCount }) => rowCount)).toEqual([100, 100, 50]);
  expect(archived.every(({ record }) => record === 'marketData')).toBe(true);
  expect(await count()).toBe(250);
});

it('archives a block that is stored in parts as one', async () => {
  const block = collect(250);
  await own.backend.blocks.write({ ...block, acknowledgedAt: 1 });
  expect(archived).toMatchObject([{ id: block.id, rowCount: 250, acknowledgedAt: 1 }]);
  expect(Buffer.compare(archived[0]!.bytes, block.bytes)).toBe(0);
});

it('archives a block again when its first append failed', async () => {
  const block = collect(3);
  const failure = new ConnectionError('the disk is full', { operation: 'test' });
  failures.push(failure);
  await expect(own.backend.blocks.write(block)).rejects.toBe(failure);
  expect(archived).toEqual([]);
  await own.backend.blocks.write(block);
  expect(archived).toMatchObject([{ id: block.id }]);
  expect(await count()).toBe(3);
});

it('rejects an insert whose blocks cannot be archived', async () => {
  failures.push(new ConnectionError('the disk is full', { operation: 'test' }));
  const inserted = own.backend.marketData.insert({ source: 'vendor', records: barRows(2) });
  await expect(inserted).rejects.toMatchObject({ code: 'CONNECTION', retryable: true });
});
