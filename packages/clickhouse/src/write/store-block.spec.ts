import type { DatabaseError } from '@quantumtrade/dal-domain';
import { ConnectionError, marketData, QueryError } from '@quantumtrade/dal-domain';
import type { ReadTally, Sql, SqlBlock, StoredBlock } from '../connection/sql.js';
import { BlockEncoder } from '../codec/block-encoder.js';
import { rowsOf } from '../testing/rows-of.js';
import { barRows } from '../testing/native-records.js';
import type { UnstoredBlock } from './store-block.js';
import { BlockStore, decodeNativeBlock, StoredRows } from './store-block.js';

const encoder = new BlockEncoder(marketData, { writtenAt: { kind: 'version' } });

function blockOf(rowCount: number, token = 'token') {
  const { bytes } = encoder.encodeRows(barRows(rowCount), { constants: { writtenAt: 1n } }).blocks[0]!;
  return { token, bytes, rowCount, shard: 1, retried: false, isNew: true };
}

const tooLarge = () => new QueryError('INSERT', 'too large', { operation: 'test', kind: 'TOO_LARGE' });

/** A table behind a gateway that refuses the blocks that a test chooses. */
class FakeTable implements Pick<Sql, 'insert' | 'rows' | 'continuing' | 'copiesOf'> {
  readonly continuing = this as unknown as Sql;
  readonly sent: SqlBlock[] = [];
  readonly stored = new Map<string, SqlBlock>();
  readonly #store = new BlockStore(marketData);
  lookups = 0;
  refuse: (block: SqlBlock) => DatabaseError | undefined = () => undefined;
  confirmed = true;
  readonly progress = new StoredRows();

  async insert(_: string, block: SqlBlock): Promise<StoredBlock> {
    this.sent.push(block);
    const error = this.refuse(block);
    if (error) throw error;
    this.stored.set(block.token, block);
    return { server: { name: 'ch-1', shard: '1' }, attempts: 1, confirmed: this.confirmed };
  }

  async rows<T>(...args: unknown[]): Promise<T[]> {
    this.lookups++;
    Object.assign(args[4] as ReadTally, { server: { name: 'ch-2', shard: '1' } });
    const found = await Promise.all([...this.stored.values()].map(({ bytes }) => decodeNativeBlock(bytes)));
    return found.flatMap((block) =>
      rowsOf(block!, marketData).map(({ symbol, timestamp, source }) => ({
        symbol,
        timestamp,
        source,
        version: 1n,
      })),
    ) as T[];
  }

  copiesOf(): Sql[] {
    return [this as unknown as Sql];
  }

  store(block: UnstoredBlock): Promise<void> {
    return this.#store.store(this as unknown as Sql, block, undefined, this.progress);
  }

  async symbols(): Promise<unknown[]> {
    const blocks = await Promise.all([...this.stored.values()].map(({ bytes }) => decodeNativeBlock(bytes)));
    return blocks.flatMap((block) => rowsOf(block!, marketData).map(({ symbol }) => symbol));
  }
}

it('sends a confirmed block once without a lookup', async () => {
  const table = new FakeTable();
  await table.store(blockOf(3));
  expect(table.sent.map(({ token }) => token)).toEqual(['token']);
  expect(table.lookups).toBe(0);
  expect(table.progress).toEqual({
    stored: 3,
    writes: [{ endpoint: 'ch-1', shard: '1', record: 'marketData', id: 'token' }],
  });
});

it('looks the rows up when the counts do not confirm them', async () => {
  const table = new FakeTable();
  table.confirmed = false;
  await table.store(blockOf(3));
  expect(table.sent).toHaveLength(1);
  expect(table.lookups).toBe(1);
  expect(table.progress.writes).toMatchObject([{ endpoint: 'ch-2', id: 'token' }]);
});

it('sends a block above the row limit in parts', async () => {
  const table = new FakeTable();
  await table.store({ ...blockOf(7), maxRows: 2 });
  expect(table.sent.map(({ token, rowCount }) => [token, rowCount])).toEqual([
    ['token/0/0', 2],
    ['token/0/1', 2],
    ['token/1/0', 2],
    ['token/1/1', 1],
  ]);
  expect(await table.symbols()).toEqual(barRows(7).map(({ symbol }) => symbol));
  expect(table.progress.stored).toBe(7);
  expect(table.progress.writes.map(({ id }) => id)).toEqual(table.sent.map(({ token }) => token));
  await table.store({ ...blockOf(2, 'other'), maxRows: 2 });
  expect(table.sent.at(-1)).toMatchObject({ token: 'other', rowCount: 2 });
});

it('sends a block that is too large in parts with derived tokens', async () => {
  const table = new FakeTable();
  table.refuse = ({ rowCount }) => (rowCount > 2 ? tooLarge() : undefined);
  await table.store(blockOf(7));
  expect([...table.stored.keys()]).toEqual(['token/0/0', 'token/0/1', 'token/1/0', 'token/1/1']);
  expect(await table.symbols()).toEqual(barRows(7).map(({ symbol }) => symbol));
});

it('sends the same parts again after a failure between them', async () => {
  const table = new FakeTable();
  const lost = new ConnectionError('lost', { operation: 'test' });
  table.refuse = ({ rowCount, token }) =>
    rowCount > 4 ? tooLarge() : token === 'token/1' ? lost : undefined;
  const block = blockOf(8);
  await expect(table.store(block)).rejects.toBe(lost);
  const first = table.sent.slice();
  table.refuse = ({ rowCount }) => (rowCount > 4 ? tooLarge() : undefined);
  table.sent.length = 0;
  await table.store({ ...block, isNew: false });
  expect(table.sent.map(({ token, bytes }) => ({ token, bytes }))).toEqual(
    first.map(({ token, bytes }) => ({ token, bytes })),
  );
});

it('stores the other rows when a single row is too large', async () => {
  const table = new FakeTable();
  const bad = barRows(4)[3]!.symbol;
  table.refuse = ({ bytes }) => (Buffer.from(bytes).includes(bad) ? tooLarge() : undefined);
  await expect(table.store(blockOf(4))).rejects.toMatchObject({ kind: 'TOO_LARGE' });
  expect(await table.symbols()).toEqual(['SYM0', 'SYM1', 'SYM2']);
});

it('splits later blocks of a refused size without sending them whole', async () => {
  const table = new FakeTable();
  table.refuse = ({ rowCount }) => (rowCount > 4 ? tooLarge() : undefined);
  await table.store(blockOf(8, 'first'));
  table.sent.length = 0;
  await table.store(blockOf(8, 'second'));
  expect(table.sent.map(({ token }) => token)).toEqual(['second/0', 'second/1']);
  await table.store(blockOf(5, 'smaller'));
  expect(table.sent.at(2)).toMatchObject({ token: 'smaller' });
});

it('remembers no size when a single row is refused', async () => {
  const table = new FakeTable();
  table.refuse = tooLarge;
  await expect(table.store(blockOf(8))).rejects.toMatchObject({ kind: 'TOO_LARGE' });
  table.refuse = () => undefined;
  table.sent.length = 0;
  await table.store(blockOf(8));
  expect(table.sent).toHaveLength(1);
});

it('sends a block whole again after many split ones', async () => {
  const table = new FakeTable();
  table.refuse = ({ rowCount }) => (rowCount > 4 ? tooLarge() : undefined);
  await table.store(blockOf(8));
  table.refuse = () => undefined;
  for (let n = 0; n < 100; n++) await table.store(blockOf(8, `later ${n}`));
  expect(table.stored.has('later 98')).toBe(false);
  expect(table.stored.has('later 99')).toBe(true);
  await table.store(blockOf(8, 'last'));
  expect(table.stored.has('last')).toBe(true);
});
